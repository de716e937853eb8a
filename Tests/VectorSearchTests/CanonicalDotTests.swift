import CVectorKernels
import Testing
import VectorSearch

@Suite struct CanonicalDotTests {
    private static let dimensions = Array(1...70) + [383, 384, 385, 768, 1_536, 4_096]
    private static let queryCounts = [0, 1, 2, 3, 4, 5, 12, 13]
    private static let rowCounts = [0, 1, 2, 3, 4, 7, 42]
    private static let marker = Float(bitPattern: 0x7fc1_2345)

    private enum Values: CaseIterable {
        case ordinary
        case denormal
        case wide
        case signedZeros

        func draw(_ count: Int, _ random: inout SeededGenerator) -> [Float] {
            (0..<count).map { _ in
                switch self {
                case .ordinary: random.component()
                case .denormal: random.component() * 0x1p-130
                case .wide:
                    [random.component(), 1e19, -1e-19, 1e-19, 0x1p-126, -0x1p-149].randomElement(using: &random) ?? 0
                case .signedZeros: [0, -0.0, random.component(), -1e-30].randomElement(using: &random) ?? 0
                }
            }
        }
    }

    @Test func theSerialKernelIsTheDefinition() throws {
        var random = SeededGenerator(seed: 1)
        let serial = try #require(Kernels(.serial))
        for values in Values.allCases {
            for dimension in [1, 16, 17, 33, 48, 384, 1_000] {
                let length = UnitVector.stride(dimension: dimension)
                let padding = [Float](repeating: 0, count: length - dimension)
                let query = values.draw(dimension, &random) + padding
                let row = values.draw(dimension, &random) + padding
                var result = Self.marker
                query.withUnsafeBufferPointer { address in
                    withUnsafePointer(to: address.baseAddress.unsafelyUnwrapped) {
                        serial.table.pointee.dots($0, 1, row, length, 1, length, &result, 1)
                    }
                }
                #expect(result.bitPattern == definedDot(query, row).bitPattern)
            }
        }
    }

    @Test(arguments: Kernels.supported)
    func everyInstructionSetGivesTheBitsOfTheSerialKernel(_ set: Kernels.InstructionSet) throws {
        let kernels = try #require(Kernels(set))
        let serial = try #require(Kernels(.serial))
        for (seed, values) in Values.allCases.enumerated() {
            // A kernel sees the padded length only.
            for length in Set(Self.dimensions.map { UnitVector.stride(dimension: $0) }).sorted() {
                var random = SeededGenerator(seed: UInt64(seed))
                let stride = length + 16 * (seed % 2)
                let queries = RowMemory(rows: (0..<13).map { _ in values.draw(length, &random) }, stride: length)
                defer { withExtendedLifetime(queries) {} }
                let rows = RowMemory(rows: (0..<42).map { _ in values.draw(length, &random) }, stride: stride)
                defer { withExtendedLifetime(rows) {} }
                let queryPointers = (0..<13).map { UnsafePointer(queries.base + $0 * length) }
                let rowPointers = (0..<42).map { UnsafePointer(rows.base + $0 * stride) }
                var expected = [Float](repeating: 0, count: 13 * 42)
                serial.table.pointee.dots(queryPointers, 13, rows.base, stride, 42, length, &expected, 42)

                for queryCount in Self.queryCounts {
                    for rowCount in Self.rowCounts {
                        for gathers in [false, true] {
                            var out = [Float](repeating: Self.marker, count: 13 * 45)
                            if gathers {
                                kernels.table.pointee.dots_gathered(
                                    queryPointers, queryCount, rowPointers, rowCount, length, &out, 45)
                            } else {
                                kernels.table.pointee.dots(
                                    queryPointers, queryCount, rows.base, stride, rowCount, length, &out, 45)
                            }
                            var wrong = 0
                            for position in out.indices {
                                let (query, row) = position.quotientAndRemainder(dividingBy: 45)
                                let isInside = query < queryCount && row < rowCount
                                let wanted = isInside ? expected[query * 42 + row] : Self.marker
                                let isSame = out[position].bitPattern == wanted.bitPattern
                                // NaN from products that overflow: its bits may differ.
                                if !isSame, !(isInside && out[position].isNaN && wanted.isNaN) { wrong += 1 }
                            }
                            let shape = "length \(length) queries \(queryCount) rows \(rowCount)"
                            #expect(wrong == 0, "\(values) \(shape) gathered \(gathers)")
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: Kernels.supported)
    func selectionFindsWhatReachesTheCutAndNothingElse(_ set: Kernels.InstructionSet) throws {
        let kernels = try #require(Kernels(set))
        var random = SeededGenerator(seed: 3)
        for count in Array(0...40) + [127, 128] {
            for cut in [-Float.infinity, -0.5, 0, 0.5, Float(0.5).nextUp, 2, .nan] {
                let values = (0..<count).map { _ in
                    [0.5, 0, -0.0, -0.5, .nan, .infinity, random.component()].randomElement(using: &random) ?? 0
                }
                var indices = [UInt32](repeating: .max, count: count + 1)
                let selected = kernels.table.pointee.select(values, count, cut, &indices)
                #expect(Array(indices.prefix(selected)) == values.indices.filter { values[$0] >= cut }.map(UInt32.init))
                #expect(indices[count] == .max)
            }
        }
    }
}
