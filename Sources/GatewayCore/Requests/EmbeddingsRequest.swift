import FoundationEssentials

/// A request for embeddings that the gateway's own encoder answers, in OpenAI's form.
package struct EmbeddingsRequest: Hashable, Sendable {
    package enum Encoding: String, Hashable, Sendable, CaseIterable {
        case float
        /// Of the components in IEEE 754's 32 bits, lowest byte first.
        case base64
    }

    package let model: String
    /// At least one, none of them empty.
    package let texts: [String]
    /// Whether `input` is one text and no list.
    package let isSingle: Bool
    package let encoding: Encoding

    /// - Parameters:
    ///   - request: of `/v1/embeddings`.
    ///   - dimension: components of the encoder's vectors; it makes none of another length.
    /// - Throws: `invalid_request` and `request_too_large`, with the parameter that is meant.
    package init(_ request: ModelRequest, dimension: Int) throws(GatewayError) {
        let root = try request.document.root.object()
        model = request.model
        let input = try root.required("input")
        isSingle = input.kind == .string
        texts = try Self.texts(input)
        if let name = try root.present("encoding_format")?.string() {
            guard let encoding = Encoding(rawValue: name) else {
                throw GatewayError(
                    .invalidRequest, "encoding_format must be float or base64.", parameter: "encoding_format")
            }
            self.encoding = encoding
        } else {
            encoding = .float
        }
        if let wanted = try root.present("dimensions")?.integer(), wanted != dimension {
            throw GatewayError(
                .invalidRequest, "dimensions must be \(dimension) or left out: '\(model)' has no others.",
                parameter: "dimensions")
        }
    }

    private static func texts(_ input: JSONView) throws(GatewayError) -> [String] {
        let expectation = "a text or a list of texts that are not empty"
        guard input.kind == .array else {
            let text = try input.string()
            guard !text.isEmpty else { throw input.mismatch(expectation) }
            return [text]
        }
        guard !input.isEmpty else { throw input.mismatch(expectation) }
        guard input.count <= GatewayLimits.embeddingCount else {
            throw GatewayError(
                .requestTooLarge, "input has more than \(GatewayLimits.embeddingCount) texts.", parameter: "input")
        }
        var texts: [String] = []
        for element in input.elements {
            guard element.kind != .number, element.kind != .array else {
                throw GatewayError(
                    .invalidRequest,
                    "\(element.path) is not a text: the encoder has a vocabulary of its own, so that tokens of "
                        + "another mean nothing to it. Send texts.", parameter: "input")
            }
            let text = try element.string()
            guard !text.isEmpty else { throw element.mismatch(expectation) }
            texts.append(text)
        }
        return texts
    }

    /// What the request is answered with.
    ///
    /// - Parameters:
    ///   - embeddings: one for each text, in their order.
    ///   - tokenCount: of all texts.
    package func body(_ embeddings: [[Float]], tokenCount: Int) -> [UInt8] {
        JSONWriter.object { json in
            json.member("object", "list")
            json.arrayMember("data") { json in
                for (index, embedding) in embeddings.enumerated() {
                    json.object { json in
                        json.member("object", "embedding")
                        json.member("index", index)
                        switch encoding {
                        case .float: json.arrayMember("embedding") { for value in embedding { $0.number(value) } }
                        case .base64: json.member("embedding", Self.base64(embedding))
                        }
                    }
                }
            }
            json.member("model", model)
            json.objectMember("usage") { json in
                json.member("prompt_tokens", tokenCount)
                json.member("total_tokens", tokenCount)
            }
        }
    }

    private static func base64(_ embedding: [Float]) -> String {
        var data = Data(capacity: embedding.count * 4)
        for value in embedding {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        return data.base64EncodedString()
    }
}
