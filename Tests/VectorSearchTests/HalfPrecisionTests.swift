#if !(os(macOS) && arch(x86_64))  // where Swift has no Float16
import CVectorKernels
import Testing
import VectorSearch

@Suite struct HalfPrecisionTests {
    /// Every binary16 number, then the points halfway to the next one and their neighbors, then random bits.
    private static let floats: [Float] = {
        var random = SeededGenerator(seed: 4)
        let widened = (0...UInt16.max).map { Float(Float16(bitPattern: $0)) }
        let halfway = (0..<UInt16(0x7c00)).flatMap { bits -> [Float] in
            let low = Float(Float16(bitPattern: bits))
            let high = bits == 0x7bff ? 65_536 : Float(Float16(bitPattern: bits + 1))
            let middle = (low + high) / 2
            return [middle, middle.nextUp, middle.nextDown, -middle, -middle.nextUp]
        }
        let anything = (0..<20_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
        return widened + halfway + anything
    }()

    @Test(arguments: Kernels.supported)
    func widenIsExactForEveryHalf(_ set: Kernels.InstructionSet) throws {
        let kernels = try #require(Kernels(set))
        let halves = Array(0...UInt16.max)
        for start in [0, 1, 5] {
            let from = Array(halves[start...])
            var to = [Float](repeating: 0, count: from.count)
            kernels.table.pointee.widen_half(from, from.count, &to)
            let wrong = zip(from, to).filter { half, float in
                let isNaN = half & 0x7fff > 0x7c00
                let wanted = isNaN
                    ? UInt32(half & 0x8000) << 16 | 0x7fc0_0000 | UInt32(half & 0x3ff) << 13
                    : Float(Float16(bitPattern: half)).bitPattern
                return float.bitPattern != wanted
            }
            #expect(wrong.isEmpty)
        }
    }

    @Test(arguments: Kernels.supported)
    func narrowRoundsToNearestWithTiesToEven(_ set: Kernels.InstructionSet) throws {
        let kernels = try #require(Kernels(set))
        var to = [UInt16](repeating: 0, count: Self.floats.count)
        kernels.table.pointee.narrow_half(Self.floats, Self.floats.count, &to)
        let wrong = zip(Self.floats, to).filter { float, half in
            let bits = float.bitPattern
            let wanted = float.isNaN
                ? UInt16(bits >> 16 & 0x8000) | 0x7e00 | UInt16(bits >> 13 & 0x3ff)
                : Float16(float).bitPattern
            return half != wanted
        }
        #expect(wrong.isEmpty)
    }
}
#endif
