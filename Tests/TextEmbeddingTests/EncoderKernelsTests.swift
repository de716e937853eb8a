import CEncoderKernels
import Foundation
import Testing

@testable import TextEmbedding

/// Every instruction set against `serial`, which is the oracle, and `serial` against the formulas.
@Suite struct EncoderKernelsTests {
    private static let serial = EncoderKernels.supported.last

    @Test func theFastestKernelsAreTakenUnlessOthersAreNamed() throws {
        #expect(try EncoderKernels(environment: [:]).name == EncoderKernels.supported.first?.name)
        for kernels in EncoderKernels.supported {
            #expect(try EncoderKernels(environment: ["SEMBLANCE_KERNEL": kernels.name]).name == kernels.name)
        }
        #expect(EncoderKernels.supported.last?.name == "serial")
        let error = #expect(throws: EmbeddingError.self) {
            try EncoderKernels(environment: ["SEMBLANCE_KERNEL": "sse"])
        }
        #expect(error?.code == .unsupportedKernels)
        #expect(error?.message.contains("serial") == true)
    }

    // MARK: Products

    struct Case {
        var rowCount: Int
        var depth: Int
        var panelCount: Int
        var epilogue: sek_epilogue
        var hasBias = true
    }

    private static let cases: [Case] = {
        var cases: [Case] = []
        for rowCount in 1...30 {
            cases.append(Case(rowCount: rowCount, depth: 16 + rowCount, panelCount: 1, epilogue: SEK_STORE))
        }
        cases.append(Case(rowCount: 97, depth: 48, panelCount: 3, epilogue: SEK_GELU))
        cases.append(Case(rowCount: 15, depth: 1, panelCount: 2, epilogue: SEK_ADD))
        cases.append(Case(rowCount: 5, depth: 33, panelCount: 2, epilogue: SEK_STORE, hasBias: false))
        return cases
    }()

    /// The product of one case, computed by `kernels`, and the memory around it.
    private static func product(_ test: Case, _ kernels: EncoderKernels, isReduced: Bool) -> [Float] {
        var random = SeededGenerator(seed: UInt64(test.rowCount * 1_000 + test.depth))
        let stride = test.depth + 3, columns = test.panelCount * 16, outStride = columns + 5
        let units = isReduced ? 2 : 1
        let rows = random.components(test.rowCount * stride * units, scale: 2)
        let weights = random.components(columns * test.depth * units, scale: 2)
        let bias = random.components(columns)
        var out = random.components(test.rowCount * outStride)
        var narrowRows = [UInt16](repeating: 0, count: rows.count)
        var panels = [Float](repeating: 0, count: columns * test.depth)
        var narrowPanels = [UInt16](repeating: 0, count: columns * test.depth * 2)
        if isReduced {
            kernels.table.pointee.narrow(rows, rows.count, &narrowRows)
            sek_pack_bfloat(weights, columns, test.depth * 2, test.depth * 2, &narrowPanels)
        } else {
            sek_pack(weights, columns, test.depth, test.depth, &panels)
        }
        rows.withUnsafeBytes { rows in
            narrowRows.withUnsafeBytes { narrowRows in
                panels.withUnsafeBytes { panels in
                    narrowPanels.withUnsafeBytes { narrowPanels in
                        bias.withUnsafeBufferPointer { bias in
                            out.withUnsafeMutableBufferPointer { out in
                                guard let from = (isReduced ? narrowRows : rows).baseAddress,
                                    let weights = (isReduced ? narrowPanels : panels).baseAddress,
                                    let to = out.baseAddress
                                else { return }
                                var product = sek_product(
                                    rows: from, row_count: test.rowCount, row_stride: stride, depth: test.depth,
                                    panels: weights, panel_count: test.panelCount, panel_step: 16,
                                    panel_stride: test.depth * 16, bias: test.hasBias ? bias.baseAddress : nil, out: to,
                                    out_stride: outStride, epilogue: test.epilogue)
                                if isReduced {
                                    kernels.table.pointee.multiply_bfloat?(&product)
                                } else {
                                    kernels.table.pointee.multiply(&product)
                                }
                            }
                        }
                    }
                }
            }
        }
        return out
    }

    @Test func productsHaveTheBitsOfTheOracleAndNothingElseIsWritten() throws {
        let serial = try #require(Self.serial)
        for test in Self.cases {
            let expected = Self.product(test, serial, isReduced: false)
            for kernels in EncoderKernels.supported {
                #expect(
                    Self.product(test, kernels, isReduced: false).map(\.bitPattern) == expected.map(\.bitPattern),
                    "\(kernels.name), \(test)")
            }
        }
    }

    /// Machines may round a pair of products differently.
    @Test func reducedProductsAreThoseOfTheOracleUpToRoundings() throws {
        let serial = try #require(Self.serial)
        for test in Self.cases {
            let expected = Self.product(test, serial, isReduced: true)
            for kernels in EncoderKernels.supported where kernels.supports(.bfloat16) {
                let worst = zip(Self.product(test, kernels, isReduced: true), expected).map { abs($0 - $1) }.max()
                #expect((worst ?? 1) < 1e-4, "\(kernels.name), \(test)")
            }
        }
    }

    @Test func theOraclesProductIsThatOfTheFormula() throws {
        let test = Case(rowCount: 3, depth: 20, panelCount: 2, epilogue: SEK_GELU)
        let out = Self.product(test, try #require(Self.serial), isReduced: false)
        var random = SeededGenerator(seed: 3_020)
        let rows = random.components(3 * 23, scale: 2), weights = random.components(32 * 20, scale: 2)
        let bias = random.components(32)
        for row in 0..<3 {
            for column in 0..<32 {
                let x = (0..<20).reduce(Double(bias[column])) {
                    $0 + Double(rows[row * 23 + $1]) * Double(weights[column * 20 + $1])
                }
                let gelu = x * 0.5 * erfc(-x / 2.0.squareRoot())
                #expect(abs(Double(out[row * 37 + column]) - gelu) < 1e-5)
            }
        }
    }

    // MARK: What is done with rows

    @Test func geluIsExactOverItsWholeRange() throws {
        let table = try #require(Self.serial).table
        // One row, one weight of 1: the product is the row.
        let inputs = stride(from: Float(-12), through: 12, by: 0.003).map { $0 }
        let panels: [Float] = Array(repeating: 1, count: 16)
        for input in inputs {
            var out = [Float](repeating: 0, count: 16)
            withUnsafePointer(to: input) { input in
                panels.withUnsafeBufferPointer { panels in
                    out.withUnsafeMutableBufferPointer { out in
                        guard let from = panels.baseAddress, let to = out.baseAddress else { return }
                        var product = sek_product(
                            rows: input, row_count: 1, row_stride: 1, depth: 1, panels: from, panel_count: 1,
                            panel_step: 16, panel_stride: 16, bias: nil, out: to, out_stride: 16, epilogue: SEK_GELU)
                        table.pointee.multiply(&product)
                    }
                }
            }
            let x = Double(input)
            #expect(abs(Double(out[0]) - x * 0.5 * erfc(-x / 2.0.squareRoot())) < 1e-6, "\(x)")
        }
    }

    @Test func softmaxHasTheBitsOfTheOracleAndAddsUpToOne() throws {
        let serial = try #require(Self.serial)
        for length in [1, 2, 15, 16, 17, 31, 48, 250] {
            var random = SeededGenerator(seed: UInt64(length))
            let stride = (length + 15) / 16 * 16 + 16
            let rows = random.components(3 * stride, scale: 200)
            var expected = rows
            serial.table.pointee.softmax(&expected, 3, stride, length, 0.25)
            for row in 0..<3 {
                let inputs = rows[row * stride..<row * stride + length].map { Double($0) * 0.25 }
                let most = inputs.max() ?? 0
                let total = inputs.reduce(0) { $0 + exp($1 - most) }
                for index in 0..<length {
                    #expect(abs(Double(expected[row * stride + index]) - exp(inputs[index] - most) / total) < 1e-6)
                }
                let filler = expected[row * stride + length..<row * stride + stride - 16]
                #expect(filler.allSatisfy { $0 == 0 })
            }
            for kernels in EncoderKernels.supported {
                var values = rows
                kernels.table.pointee.softmax(&values, 3, stride, length, 0.25)
                #expect(values.map(\.bitPattern) == expected.map(\.bitPattern), "\(kernels.name), \(length)")
            }
        }
    }

    @Test func normalizationPoolingAndNarrowingHaveTheBitsOfTheOracle() throws {
        let serial = try #require(Self.serial)
        var random = SeededGenerator(seed: 9)
        for length in [16, 48, 384] {
            let stride = length + 16
            let rows = random.components(5 * stride, scale: 3)
            let gain = random.components(length), shift = random.components(length)
            var expected = rows, pooled = [Float](repeating: 0, count: length)
            serial.table.pointee.normalize(&expected, 5, stride, length, gain, shift, 1e-12)
            serial.table.pointee.pool(rows, 5, stride, length, &pooled)
            var narrow = [UInt16](repeating: 0, count: rows.count)
            serial.table.pointee.narrow(rows, rows.count, &narrow)
            for kernels in EncoderKernels.supported {
                var values = rows, mean = [Float](repeating: 0, count: length)
                var rounded = [UInt16](repeating: 0, count: rows.count)
                kernels.table.pointee.normalize(&values, 5, stride, length, gain, shift, 1e-12)
                kernels.table.pointee.pool(rows, 5, stride, length, &mean)
                kernels.table.pointee.narrow(rows, rows.count, &rounded)
                #expect(values.map(\.bitPattern) == expected.map(\.bitPattern), "\(kernels.name), \(length)")
                #expect(mean.map(\.bitPattern) == pooled.map(\.bitPattern), "\(kernels.name), \(length)")
                #expect(rounded == narrow, "\(kernels.name), \(length)")
            }
        }
    }

    @Test func narrowingRoundsToTheNearestAndTiesToEven() throws {
        let table = try #require(Self.serial).table
        let values: [Float] = [1, 0x1.01p0, 0x1.03p0, 0x1.0101p0, -0x1.01p0, .infinity, .greatestFiniteMagnitude, 0]
        var narrow = [UInt16](repeating: 0, count: values.count)
        table.pointee.narrow(values, values.count, &narrow)
        #expect(narrow == [0x3f80, 0x3f80, 0x3f82, 0x3f81, 0xbf80, 0x7f80, 0x7f80, 0])
        var quiet: UInt16 = 0
        table.pointee.narrow([Float(bitPattern: 0x7f80_0001)], 1, &quiet)
        #expect(quiet & 0x7fff > 0x7f80)
    }
}
