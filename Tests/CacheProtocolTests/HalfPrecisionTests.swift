@testable import CacheProtocol
import Testing

@Suite struct HalfPrecisionTests {
    /// The value by the definition of the format: (-1)^sign × 2^(exponent − 15) × 1.fraction, or 2^−14 × 0.fraction.
    private func defined(_ half: UInt16) -> Double {
        let exponent = Int(half >> 10 & 0x1f)
        let fraction = Double(half & 0x3ff) / 1024
        let magnitude: Double =
            switch exponent {
            case 0: fraction * 0x1p-14
            case 31: fraction == 0 ? .infinity : .nan
            default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
            }
        return half & 0x8000 == 0 ? magnitude : -magnitude
    }

    @Test func everyHalfReadsAsItsDefinitionAndIsWrittenBackAsItWas() {
        var wrong: [UInt16] = []
        for half in UInt16.min...UInt16.max {
            let float = HalfPrecision.float(half)
            let expected = defined(half)
            if expected.isNaN {
                // NaN may become quiet, but stays NaN with its sign.
                let back = HalfPrecision.bits(float)
                if !float.isNaN || back & 0xfc00 != half & 0xfc00 || back & 0x3ff == 0 { wrong.append(half) }
            } else if Double(float) != expected || HalfPrecision.bits(float) != half {
                wrong.append(half)
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test func betweenTwoHalvesTheNearerOneIsWrittenAndAtTheMiddleTheEvenOne() {
        var wrong: [UInt16] = []
        for half in UInt16(0)..<0x7bff {
            let middle = Float((defined(half) + defined(half + 1)) / 2)
            let even = half & 1 == 0 ? half : half + 1
            if HalfPrecision.bits(middle) != even || HalfPrecision.bits(middle.nextDown) != half
                || HalfPrecision.bits(middle.nextUp) != half + 1
                || HalfPrecision.bits(-middle) != even | 0x8000
            {
                wrong.append(half)
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test func beyondTheLargestHalfLiesInfinity() {
        #expect(HalfPrecision.bits(65_504) == 0x7bff)
        #expect(HalfPrecision.bits(Float(65_520).nextDown) == 0x7bff)
        #expect(HalfPrecision.bits(65_520) == 0x7c00)
        #expect(HalfPrecision.bits(-.greatestFiniteMagnitude) == 0xfc00)
        #expect(HalfPrecision.bits(.infinity) == 0x7c00)
        #expect(HalfPrecision.bits(.leastNonzeroMagnitude) == 0)
        #expect(HalfPrecision.bits(-0.0) == 0x8000)
        #expect(HalfPrecision.float(HalfPrecision.bits(.nan)).isNaN)
    }

    #if !(os(macOS) && arch(x86_64))
    @Test func arbitraryFloatsAreRoundedAsTheHardwareRounds() {
        var generator = SeededGenerator(seed: 11)
        var wrong: [UInt32] = []
        for _ in 0..<100_000 {
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            if !float.isNaN, HalfPrecision.bits(float) != Float16(float).bitPattern { wrong.append(float.bitPattern) }
        }
        #expect(wrong.isEmpty)
    }
    #endif
}
