internal import CEncoderKernels

/// One run through the layers, for the tokens of some texts one behind the other. Nothing is padded: the texts only meet
/// in products with weights, where each row stands for itself.
struct EncoderPass {
    let configuration: EncoderConfiguration
    let weights: EncoderWeights
    let kernels: UnsafePointer<sek_kernels>
    let scratch: EncoderScratch
    let layout: EncoderScratch.Layout
    let tokenCount: Int

    func run(_ texts: ArraySlice<TokenSequence>) -> [[Float]] {
        embed(texts)
        for layer in weights.layers {
            forEachBlock {
                multiply(hidden($0), layout.hidden, $1, layer.attentionInput, input($0), layout.attentionInput)
            }
            var first = 0
            for text in texts {
                attend(first: first, count: text.identifiers.count)
                first += text.identifiers.count
            }
            forEachBlock { row, count in
                let rows = hidden(row)
                multiply(
                    scratch.context.base + row * layout.hidden, layout.hidden, count, layer.attentionOutput, rows,
                    layout.hidden, SEK_ADD)
                normalize(rows, count, layer.attentionNormalization)
                let inner = scratch.intermediate.base
                multiply(rows, layout.hidden, count, layer.intermediate, inner, layout.intermediate, SEK_GELU)
                multiply(inner, layout.intermediate, count, layer.output, rows, layout.hidden, SEK_ADD)
                normalize(rows, count, layer.outputNormalization)
            }
        }
        return pool(texts)
    }

    // MARK: Steps

    /// The sum of the embeddings of word, position and type.
    private func embed(_ texts: ArraySlice<TokenSequence>) {
        let size = configuration.hiddenSize
        var row = scratch.hidden.base
        for text in texts {
            for (position, identifier) in text.identifiers.enumerated() {
                let word = weights.words + Int(identifier) * size
                let place = weights.positions + position * size
                for index in 0..<size { row[index] = word[index] + weights.tokenType[index] + place[index] }
                row += layout.hidden
            }
        }
        normalize(scratch.hidden.base, tokenCount, weights.embeddingNormalization)
    }

    /// Lets the tokens of one text, in rows from `first` on, look at each other.
    private func attend(first: Int, count: Int) {
        let size = configuration.headSize, lanes = EncoderLimits.componentMultiple
        let padded = (count + lanes - 1) / lanes * lanes
        let scale = 1 / Float(size).squareRoot()
        for head in 0..<configuration.headCount {
            let queries = input(first) + head * size
            let keys = queries + configuration.hiddenSize, values = keys + configuration.hiddenSize
            sek_pack(keys, count, layout.attentionInput, size, scratch.keys.base)
            for block in stride(from: 0, to: count, by: EncoderScratch.queryRows) {
                let rows = min(EncoderScratch.queryRows, count - block)
                var product = sek_product(
                    rows: queries + block * layout.attentionInput, row_count: rows, row_stride: layout.attentionInput,
                    depth: size, panels: scratch.keys.base, panel_count: padded / lanes, panel_step: lanes,
                    panel_stride: size * lanes, bias: nil, out: scratch.scores.base, out_stride: layout.scores,
                    epilogue: SEK_STORE)
                kernels.pointee.multiply(&product)
                kernels.pointee.softmax(scratch.scores.base, rows, layout.scores, count, scale)
                product = sek_product(
                    rows: scratch.scores.base, row_count: rows, row_stride: layout.scores, depth: count, panels: values,
                    panel_count: size / lanes, panel_step: layout.attentionInput, panel_stride: lanes, bias: nil,
                    out: scratch.context.base + (first + block) * layout.hidden + head * size,
                    out_stride: layout.hidden, epilogue: SEK_STORE)
                kernels.pointee.multiply(&product)
            }
        }
    }

    private func pool(_ texts: ArraySlice<TokenSequence>) -> [[Float]] {
        var first = 0
        return texts.map { text in
            defer { first += text.identifiers.count }
            return Array(unsafeUninitializedCapacity: configuration.hiddenSize) { buffer, count in
                count = configuration.hiddenSize
                guard let out = buffer.baseAddress else { return }
                kernels.pointee.pool(
                    hidden(first), text.identifiers.count, layout.hidden, configuration.hiddenSize, out)
            }
        }
    }

    // MARK: Rows

    private func hidden(_ row: Int) -> UnsafeMutablePointer<Float> { scratch.hidden.base + row * layout.hidden }

    private func input(_ row: Int) -> UnsafeMutablePointer<Float> {
        scratch.attentionInput.base + row * layout.attentionInput
    }

    private func forEachBlock(_ body: (_ row: Int, _ count: Int) -> Void) {
        for row in stride(from: 0, to: tokenCount, by: EncoderScratch.blockRows) {
            body(row, min(EncoderScratch.blockRows, tokenCount - row))
        }
    }

    private func normalize(_ rows: UnsafeMutablePointer<Float>, _ count: Int, _ normalization: Normalization) {
        kernels.pointee.normalize(
            rows, count, layout.hidden, configuration.hiddenSize, normalization.gain, normalization.shift,
            configuration.normalizationEpsilon)
    }

    /// Rows times weights, in the precision of the weights.
    private func multiply(
        _ rows: UnsafeMutablePointer<Float>, _ stride: Int, _ count: Int, _ matrix: PackedMatrix,
        _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ epilogue: sek_epilogue = SEK_STORE
    ) {
        var product = sek_product(
            rows: rows, row_count: count, row_stride: stride, depth: matrix.depth, panels: matrix.panels,
            panel_count: matrix.panelCount, panel_step: EncoderLimits.componentMultiple,
            panel_stride: matrix.depth * EncoderLimits.componentMultiple, bias: matrix.bias, out: out,
            out_stride: outStride, epilogue: epilogue)
        guard weights.precision == .bfloat16, let multiply = kernels.pointee.multiply_bfloat else {
            kernels.pointee.multiply(&product)
            return
        }
        let narrow = scratch.narrow.base
        narrow.withMemoryRebound(to: UInt16.self, capacity: 2 * scratch.narrow.count) { narrow in
            for row in 0..<count {
                kernels.pointee.narrow(rows + row * stride, 2 * matrix.depth, narrow + 2 * row * layout.narrow)
            }
        }
        product.rows = UnsafeRawPointer(narrow)
        product.row_stride = layout.narrow
        multiply(&product)
    }
}
