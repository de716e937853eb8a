/// SplitMix64 (Steele, Lea and Flood 2014): the same training from the same seed.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// In [0, 1).
    mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// Of a normal distribution with mean 0 and deviation 1, nearly: the sum of twelve uniform numbers (Irwin and
    /// Hall).
    mutating func normal() -> Float { (0..<12).reduce(Float(-6)) { sum, _ in sum + uniform() } }
}
