/// IEEE 754 half precision (binary16) by its bit pattern. Swift's `Float16` does not exist on every platform of this
/// package.
enum HalfPrecision {
    /// The value of a half, exactly: every half is a float.
    static func float(_ half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10 & 0x1f)
        let fraction = UInt32(half & 0x3ff)
        switch exponent {
        case 0:
            // Zero or subnormal: fraction × 2⁻²⁴, which a float holds exactly.
            let magnitude = Float(fraction) * 0x1p-24
            return Float(bitPattern: sign | magnitude.bitPattern)
        case 0x1f: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// The half that is nearest to a float; of two that are equally near, the one with an even fraction. From 65,520 on
    /// it is infinity. NaN stays NaN.
    static func bits(_ float: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: float.bitPattern >> 16) & 0x8000
        let magnitude = float.bitPattern & 0x7fff_ffff
        if magnitude > 0x7f80_0000 {
            return sign | 0x7e00 | UInt16(truncatingIfNeeded: magnitude >> 13) & 0x3ff
        }
        if magnitude >= 0x477f_f000 { return sign | 0x7c00 }
        if magnitude < 0x3880_0000 {
            // Below 2⁻¹⁴ the half is a multiple of 2⁻²⁴. Adding 0.5, whose last place is 2⁻²⁴, rounds to that multiple.
            let sum = Float(bitPattern: magnitude) + 0.5
            return sign | UInt16(truncatingIfNeeded: sum.bitPattern &- Float(0.5).bitPattern)
        }
        // Rounds half to even at bit 13; a carry out of the fraction raises the exponent, as it should.
        let rounded = magnitude + 0xfff + (magnitude >> 13 & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded >> 13) &- (112 << 10))
    }
}
