/// A fingerprint of everything that must match exactly before two prompts may share an answer: tenant, model, system prompt,
/// earlier turns. Entries of different scopes never meet in a search.
public struct Scope: Hashable, Sendable {
    public var fingerprint: UInt128

    public init(_ fingerprint: UInt128) { self.fingerprint = fingerprint }

    /// The scope of callers that name none.
    public static let shared = Scope(0)
}

/// A fingerprint of a whole prompt: equal keys in one scope mean the same question, letter for letter.
public struct ExactKey: Hashable, Sendable {
    public var fingerprint: UInt128

    public init(_ fingerprint: UInt128) { self.fingerprint = fingerprint }
}

extension Scope: LosslessStringConvertible {
    public init?(_ description: String) {
        guard let fingerprint = UInt128(hexadecimal: description) else { return nil }
        self.init(fingerprint)
    }

    /// 32 hexadecimal digits.
    public var description: String { fingerprint.hexadecimal }
}

extension ExactKey: LosslessStringConvertible {
    public init?(_ description: String) {
        guard let fingerprint = UInt128(hexadecimal: description) else { return nil }
        self.init(fingerprint)
    }

    /// 32 hexadecimal digits.
    public var description: String { fingerprint.hexadecimal }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// All digits of the value, leading zeros included.
    public var hexadecimal: String {
        let count = Self.bitWidth / 4
        return String(unsafeUninitializedCapacity: count) { digits in
            var rest = self
            for index in (0..<count).reversed() {
                let digit = UInt8(truncatingIfNeeded: rest & 15)
                digits[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                rest >>= 4
            }
            return count
        }
    }

    /// Reads 1 digit through as many as the type holds; nil for anything else, a sign included.
    public init?(hexadecimal: String) {
        let digits = hexadecimal.utf8
        guard (1...Self.bitWidth / 4).contains(digits.count), digits.first != UInt8(ascii: "+") else { return nil }
        self.init(hexadecimal, radix: 16)
    }
}
