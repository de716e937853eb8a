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
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
    }

    /// Reads 1 digit through as many as the type holds; nil for anything else, a sign included.
    public init?(hexadecimal: String) {
        let digits = hexadecimal.utf8
        guard (1...Self.bitWidth / 4).contains(digits.count), digits.first != UInt8(ascii: "+") else { return nil }
        self.init(hexadecimal, radix: 16)
    }
}
