import CVectorKernels
import Testing

@testable import VectorSearch

/// Kernels of every kind that this machine can run, against the serial ones.
@Suite struct SketchKernelsTests {
    private let serial: svk_sketch_kernels
    private let others: [svk_sketch_kernels]

    init() throws {
        var all: [svk_sketch_kernels] = []
        while let kernels = svk_sketch_variant(all.count) { all.append(kernels.pointee) }
        serial = try #require(all.first)
        others = Array(all.dropFirst())
    }

    /// Blocks of random bytes, with cuts around the sums that random codes have.
    private final class Blocks {
        let strides: svk_sketch_strides
        let tables: svk_sketch_tables
        let memory: AlignedMemory<UInt8>
        let values = AlignedMemory<UInt8>(count: 32 * 32, zero: 0)
        let steps: AlignedMemory<Int8>
        let low: AlignedMemory<Float>
        let high: AlignedMemory<Float>
        let count: Int
        var blocks: [svk_sketch_block] = []

        var front: UnsafeMutablePointer<UInt8> { memory.base }
        var back: UnsafeMutablePointer<UInt8> { memory.base + count * strides.front }
        var records: UnsafeMutablePointer<UInt8> { back + count * strides.back }

        init(count: Int, pairs: Int, length: Int, random: inout SeededGenerator) {
            self.count = count
            let frontPairs = (pairs / 2 + 1) / 2 * 2
            strides = svk_sketch_strides(
                front: (frontPairs + 2) * 32, back: (pairs - frontPairs) * 32, record: length / 8 + 12)
            memory = AlignedMemory(count: count * (strides.front + strides.back + 32 * strides.record), zero: 0)
            steps = AlignedMemory(count: length, zero: 0)
            for index in 0..<memory.count { memory.base[index] = UInt8.random(in: 0...255, using: &random) }
            for index in 0..<length { steps.base[index] = Int8.random(in: -127...127, using: &random) }
            let largest = UInt8.random(in: 1...127, using: &random)
            var rest = 0
            for group in 0..<2 * pairs {
                var most = 0
                for entry in 0..<16 {
                    let value = UInt8.random(in: 0...largest, using: &random)
                    values.base[group * 16 + entry] = value
                    most = max(most, Int(value))
                }
                if group >= 2 * frontPairs { rest += most }
            }
            tables = svk_sketch_tables(
                values: values.base, front_pairs: frontPairs, back_pairs: pairs - frontPairs, rest: Int16(rest))
            var cosines = (0..<2 * count).map { _ in Float.random(in: -1...1, using: &random) }
            cosines.sort(by: >)
            high = AlignedMemory(count: count, zero: 0)
            low = AlignedMemory(count: count, zero: 0)
            for block in 0..<count {
                high.base[block] = cosines[2 * block]
                low.base[block] = cosines[2 * block + 1]
            }
            let mean = 2 * pairs * Int(largest) * 2
            for row in 0..<32 * count {
                let tail = UnsafeMutableRawPointer(records + row * strides.record + length / 8)
                tail.storeBytes(of: Float.random(in: -1...1, using: &random), as: Float.self)
                tail.storeBytes(of: UInt32(row), toByteOffset: 4, as: UInt32.self)
            }
            for block in 0..<count {
                let cosine = Float.random(in: -1...1, using: &random)
                blocks.append(
                    svk_sketch_block(
                        front: front + block * strides.front, back: back + block * strides.back,
                        records: records + block * 32 * strides.record,
                        rows: block % 7 == 0 ? UInt32(1) << UInt32(block % 31) - 1 : .max,
                        base: block % 11 == 0
                            ? .random(in: Int16.min...Int16.max, using: &random)
                            : Int16(clamping: mean + Int.random(in: -mean / 2...mean, using: &random)),
                        slope: .random(in: 0...32_000, using: &random),
                        offset: .random(in: -20_000...20_000, using: &random), cosine: cosine,
                        sine: (1.000_001 - cosine * cosine).squareRoot()))
                if block % 3 != 0 { blocks[block].slope /= 64 }
                if block % 3 != 0 { blocks[block].offset /= 64 }
            }
        }

        func left(_ kernels: svk_sketch_kernels) -> [UInt32] {
            let opened = AlignedMemory<UInt32>(count: count, zero: 0)
            let margins = AlignedMemory<Int16>(count: 32 * count, zero: 0)
            var open = svk_sketch_open(blocks: opened.base, margins: margins.base)
            var tables = tables
            return [UInt32](unsafeUninitializedCapacity: 32 * (count + 1)) { rows, filled in
                guard let base = rows.baseAddress else { return }
                filled = kernels.scan(blocks, count, &tables, strides.record, &open, base)
            }
        }

        func refined(_ kernels: svk_sketch_kernels, _ left: [UInt32], unit: Float, threshold: Float) -> [UInt32] {
            var refinement = svk_sketch_refinement(query: steps.base, length: steps.count, unit: unit, zero: 0.01)
            return [UInt32](unsafeUninitializedCapacity: left.count + 1) { rows, filled in
                guard let base = rows.baseAddress else { return }
                filled = kernels.refine(&refinement, blocks, left, left.count, strides.record, threshold, base)
            }
        }
    }

    @Test(arguments: [2, 4, 10, 20, 26, 32])
    func allScansLeaveTheSameRows(_ pairs: Int) {
        var random = SeededGenerator(seed: UInt64(pairs))
        var total = 0
        for round in 0..<40 {
            let blocks = Blocks(count: 1 + round * 3, pairs: pairs, length: 64, random: &random)
            let expected = blocks.left(serial)
            total += expected.count
            for kernels in others { #expect(blocks.left(kernels) == expected) }
        }
        // Some, and not all of about 40 * 60 * 32.
        #expect(total > 1_000 && total < 60_000, "\(total)")
    }

    @Test(arguments: [64, 128, 384, 768, 4_096])
    func allRefinementsLeaveTheSameRows(_ length: Int) {
        var random = SeededGenerator(seed: UInt64(length))
        var total = 0
        var looked = 0
        for round in 0..<8 {
            let blocks = Blocks(count: 1 + round * 2, pairs: 4, length: length, random: &random)
            let all = (0..<UInt32(32 * blocks.count)).filter { _ in Int.random(in: 0..<5, using: &random) > 0 }
            let unit = 0.4 / (Float(length).squareRoot() * 74)
            let expected = blocks.refined(serial, all, unit: unit, threshold: 0.6)
            total += expected.count
            looked += all.count
            for kernels in others {
                #expect(blocks.refined(kernels, all, unit: unit, threshold: 0.6) == expected)
            }
        }
        #expect(total > looked / 20 && total < looked * 19 / 20, "\(total) of \(looked)")
    }

    @Test func allKernelsChooseTheSameBlocksWithTheSameCuts() {
        var random = SeededGenerator(seed: 4)
        var total = 0
        for round in 0..<40 {
            let blocks = Blocks(count: 1 + round, pairs: 4, length: 64, random: &random)
            var run = svk_sketch_run(
                low: blocks.low.base, high: blocks.high.base, front: blocks.front, back: blocks.back, records: blocks.records,
                rows: 32 * blocks.count - round % 32, cosine: Float.random(in: -1...1, using: &random),
                offset_step: Float.random(in: 0...0.01, using: &random))
            let threshold = round % 9 == 0 ? -4 : Float.random(in: 0.01...1, using: &random)
            var view = svk_sketch_view(
                scale: svk_sketch_scale(
                    unit: Float.random(in: 1e-5...1e-3, using: &random), zero: Float.random(in: -1...0, using: &random),
                    tangent: 0.9, secant: 1.3), threshold: threshold, sine_slack: 1.000_002)
            var strides = blocks.strides
            func chosen(_ kernels: svk_sketch_kernels) -> [[Int]] {
                var found = [svk_sketch_block](repeating: blocks.blocks[0], count: blocks.count)
                let count = kernels.choose(&view, &run, &strides, 0, blocks.count, &found)
                return found.prefix(count).map {
                    [
                        $0.front - UnsafePointer(blocks.front), Int($0.rows), Int($0.base), Int($0.slope),
                        Int($0.offset), Int($0.cosine.bitPattern), Int($0.sine.bitPattern),
                    ]
                }
            }
            let expected = chosen(serial)
            total += expected.count
            for kernels in others { #expect(chosen(kernels) == expected) }
        }
        #expect(total > 100 && total < 800, "\(total)")
    }

    @Test(arguments: [64, 128, 384, 4_096])
    func allProductsOfWholeNumbersAreExact(_ length: Int) {
        var random = SeededGenerator(seed: UInt64(length))
        let most = Int16(min(32_767, (1 << 30) / (127 * length)))
        let queries = AlignedMemory<Int16>(count: 11 * length, zero: 0)
        let rows = AlignedMemory<Int8>(count: 19 * length, zero: 0)
        for index in 0..<queries.count { queries.base[index] = Int16.random(in: -most...most, using: &random) }
        for index in 0..<rows.count { rows.base[index] = Int8.random(in: -127...127, using: &random) }
        let pointers = (0..<11).map { UnsafePointer(queries.base + $0 * length) }
        for queryCount in [1, 2, 3, 4, 5, 11] {
            for rowCount in [1, 3, 4, 5, 19] {
                func products(_ kernels: svk_sketch_kernels) -> [Int32] {
                    var out = [Int32](repeating: 77, count: 11 * 23)
                    kernels.dots(pointers, queryCount, rows.base, rowCount, length, &out, 23)
                    return out
                }
                let expected = products(serial)
                for kernels in others { #expect(products(kernels) == expected) }
            }
        }
    }

    @Test(arguments: [64, 128, 384, 4_096])
    func allKernelsMakeTheSameSketches(_ length: Int) {
        var random = SeededGenerator(seed: UInt64(length))
        let pairs = 6
        for round in 0..<12 {
            // The last ones have values that only damage or overflow leads to.
            let odd: [Float] = round < 9 ? [0, -0.0, 1e-30] : [.nan, .infinity, -.infinity, 1e30, -1e30]
            func some(_ count: Int) -> [Float] {
                (0..<count).map { _ in
                    Int.random(in: 0..<9, using: &random) == 0
                        ? odd[Int.random(in: 0..<odd.count, using: &random)]
                        : Float.random(in: -0.2...0.2, using: &random)
                }
            }
            let vector = some(length)
            let middle = some(length)
            let projected = some(8 * pairs)
            let projectedMiddle = some(8 * pairs)
            let signs = (0..<length / 2).map { _ in UInt8.random(in: 0...255, using: &random) }
            func made(_ kernels: svk_sketch_kernels) -> [[UInt64]] {
                var whole = [Int16](repeating: 5, count: length + 64)
                var distance = 0.0
                let steps = kernels.round(vector, length, length + 64, &whole, &distance)
                var rotated = vector
                kernels.rotate(&rotated, length, signs)
                var record = [UInt8](repeating: 0, count: length / 8 + Int(SVK_SKETCH_RECORD_TAIL))
                var codes = [UInt8](repeating: 0, count: pairs + 2)
                let isSound = round < 9
                vector.withUnsafeBufferPointer { vector in
                    middle.withUnsafeBufferPointer { middle in
                        projected.withUnsafeBufferPointer { projected in
                            projectedMiddle.withUnsafeBufferPointer { projectedMiddle in
                                guard isSound, let one = vector.baseAddress, let two = middle.baseAddress,
                                    let three = projected.baseAddress, let four = projectedMiddle.baseAddress
                                else { return }
                                var row = svk_sketch_row(
                                    cosine: 0.6, projected: three, centroid_projected: four, pairs: pairs, rotated: one,
                                    centroid_rotated: two, length: length, offset_step: 0.01, alignment_error: 1e-5)
                                kernels.make(&row, &record, &codes)
                            }
                        }
                    }
                }
                // The bits of a NaN may differ.
                return [
                    whole.map { UInt64(bitPattern: Int64($0)) },
                    [steps.bitPattern, distance.isNaN ? 1 : distance.bitPattern],
                    rotated.map { $0.isNaN ? 1 : UInt64($0.bitPattern) }, record.map { UInt64($0) },
                    codes.map { UInt64($0) },
                ]
            }
            let expected = made(serial)
            for kernels in others { #expect(made(kernels) == expected) }
        }
    }

    @Test(arguments: [64, 384, 1_536])
    func allKernelsAssignTheSameCells(_ length: Int) {
        var random = SeededGenerator(seed: UInt64(length))
        let rows = AlignedMemory<Int16>(count: 32 * length, zero: 0)
        let steps = AlignedMemory<Int8>(count: 77 * length, zero: 0)
        let products = AlignedMemory<Int32>(count: 32 * 77, zero: 0)
        let pointers = (0..<32).map { UnsafePointer(rows.base + $0 * length) }
        for (rowCount, cells) in [(32, 77), (31, 16), (3, 5), (1, 1), (8, 33)] {
            for cell in 0..<cells {
                for index in 0..<length {
                    // Some centroids twice, and some all but the same.
                    let drawn = Int8.random(in: -127...127, using: &random)
                    let previous = cell > 0 ? steps.base[(cell - 1) * length + index] : 0
                    steps.base[cell * length + index] =
                        cell % 4 == 3 ? previous : cell % 4 == 2 ? (index % 40 == 0 ? drawn : previous) : drawn
                }
            }
            let sums = (0..<cells).map { cell in
                (0..<length).reduce(Int32(0)) { $0 + Int32(steps.base[cell * length + $1]) }
            }
            let scales = (0..<cells).map { cell in
                let squares = (0..<length).reduce(0) {
                    $0 + Int(steps.base[cell * length + $1]) * Int(steps.base[cell * length + $1])
                }
                return Float(1 / Double(squares).squareRoot())
            }
            for row in 0..<rowCount {
                let near = Int.random(in: 0..<cells, using: &random)
                for index in 0..<length {
                    let noise = Int.random(in: -8_000...8_000, using: &random)
                    rows.base[row * length + index] = switch row % 4 {
                    // Small numbers: their upper bytes say no more than the sign.
                    case 0: Int16(clamping: row % 8 == 0 ? noise : noise / 80)
                    case 1: Int16(clamping: Int(steps.base[near * length + index]) * 100 + noise)
                    case 2: Int16(steps.base[near * length + index])
                    default: index % 2 == 0 ? 32_767 : -32_767
                    }
                }
            }
            func assigned(_ kernels: svk_sketch_kernels) -> [UInt32] {
                scales.withUnsafeBufferPointer { scales in
                    sums.withUnsafeBufferPointer { sums in
                        guard let scales = scales.baseAddress, let sums = sums.baseAddress else { return [] }
                        var centroids = svk_sketch_centroids(
                            steps: steps.base, scales: scales, sums: sums, count: cells, length: length)
                        var found = [UInt32](repeating: 99, count: rowCount)
                        kernels.assign(pointers, rowCount, &centroids, products.base, &found)
                        return found
                    }
                }
            }
            let expected = assigned(serial)
            #expect(cells < 10 || Set(expected).count > 2)
            for kernels in others { #expect(assigned(kernels) == expected) }
        }
    }
}
