import CacheModel

/// Names that nobody has used before.
enum RandomIdentifier {
    /// A prefix and 128 random bits.
    static func make(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        return prefix + UInt128.random(in: 0 ... .max, using: &generator).hexadecimal
    }
}
