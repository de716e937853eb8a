/// A point in the order of all invalidations of one store.
///
/// `sequence` grows by one with every change and never goes back; `incarnation` is a random number that a store draws when it is
/// created, recovered empty or restored, so that positions of different histories are never compared.
public struct Position: Hashable, Sendable {
    public var incarnation: UInt64
    public var sequence: UInt64

    public init(incarnation: UInt64, sequence: UInt64) {
        self.incarnation = incarnation
        self.sequence = sequence
    }

    public static let zero = Position(incarnation: 0, sequence: 0)
}

extension Position: LosslessStringConvertible {
    /// The incarnation as 16 hexadecimal digits, a colon, the sequence in decimal: `00c1f3a09b2e7d44:17`.
    public var description: String { "\(incarnation.hexadecimal):\(sequence)" }

    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let incarnation = UInt64(hexadecimal: String(parts[0])),
            parts[1].first != "+", let sequence = UInt64(parts[1])
        else { return nil }
        self.init(incarnation: incarnation, sequence: sequence)
    }
}

/// A promise about *when* an app began to read: what it reads after the lease was handed out is at least as new as `position`.
///
/// 24 bytes on the wire. A lease says nothing about documents that were read before it was taken.
public struct Lease: Hashable, Sendable {
    public var position: Position
    /// The 64-bit fingerprint of the namespace's name, which guards against a lease used for another namespace.
    public var namespace: UInt64

    public init(position: Position, namespace: UInt64) {
        self.position = position
        self.namespace = namespace
    }
}

extension Lease: LosslessStringConvertible {
    /// The position, a slash, the namespace's fingerprint as 16 hexadecimal digits.
    public var description: String { "\(position)/\(namespace.hexadecimal)" }

    public init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let position = Position(String(parts[0])),
            let namespace = UInt64(hexadecimal: String(parts[1]))
        else { return nil }
        self.init(position: position, namespace: namespace)
    }
}
