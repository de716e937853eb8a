import CacheModel
import NIOCore

// Positions, leases and data versions as fields of messages.

extension Position {
    /// Incarnation u64, sequence u64.
    static let wireBytes = 16

    func write(to bytes: inout ByteBuffer) {
        bytes.write(incarnation)
        bytes.write(sequence)
    }
}

extension Lease {
    /// A position, then the namespace's fingerprint u64.
    static let wireBytes = 24

    func write(to bytes: inout ByteBuffer) {
        position.write(to: &bytes)
        bytes.write(namespace)
    }
}

extension DataVersion {
    enum Kind: UInt8 {
        case unnamed = 0
        case ordered = 1
        case labelled = 2
    }

    static let minimumWireBytes = 1

    var wireBytes: Int {
        switch self {
        case .unnamed: 1
        case .ordered: 1 + 8 + Position.wireBytes
        case .labelled(let label): 1 + label.wireBytes
        }
    }

    /// Kind u8; ordered: version u64 and generation; labelled: the label.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        switch self {
        case .unnamed: bytes.write(Kind.unnamed.rawValue)
        case .ordered(let version, let generation):
            bytes.write(Kind.ordered.rawValue)
            bytes.write(version)
            generation.write(to: &bytes)
        case .labelled(let label):
            bytes.write(Kind.labelled.rawValue)
            try bytes.write(label, as: "label")
        }
    }
}

extension Dependency {
    static let minimumWireBytes = 2 + DataVersion.minimumWireBytes
    var wireBytes: Int { source.wireBytes + version.wireBytes }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(source, as: "source")
        try version.write(to: &bytes)
    }
}

extension SourceState {
    static let minimumWireBytes = DataVersion.minimumWireBytes + 8
    var wireBytes: Int { version.wireBytes + 8 }

    /// The version, then the sequence of the last change u64.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try version.write(to: &bytes)
        bytes.write(lastSequence)
    }
}

extension BodyReader {
    mutating func position() throws(CacheError) -> Position {
        let incarnation = try integer(UInt64.self)
        return Position(incarnation: incarnation, sequence: try integer())
    }

    mutating func lease() throws(CacheError) -> Lease {
        let position = try position()
        return Lease(position: position, namespace: try integer())
    }

    mutating func dataVersion() throws(CacheError) -> DataVersion {
        switch DataVersion.Kind(rawValue: try integer()) {
        case .unnamed: return .unnamed
        case .ordered:
            let version = try integer(UInt64.self)
            return .ordered(version, generation: try position())
        case .labelled: return .labelled(try label())
        case nil: throw malformed("unknown kind of a data version")
        }
    }

    mutating func dependency() throws(CacheError) -> Dependency {
        let source = try source()
        return Dependency(source, try dataVersion())
    }

    mutating func sourceState() throws(CacheError) -> SourceState {
        let version = try dataVersion()
        return SourceState(version: version, lastSequence: try integer())
    }

    mutating func source() throws(CacheError) -> String { try string("source", in: 1...Limits.sourceBytes) }
    mutating func label() throws(CacheError) -> String { try string("label", in: 1...Limits.labelBytes) }
    mutating func tag() throws(CacheError) -> String { try string("tag", in: 1...Limits.tagBytes) }
    mutating func scope() throws(CacheError) -> Scope { Scope(try integer()) }
    mutating func exactKey() throws(CacheError) -> ExactKey { ExactKey(try integer()) }

    /// The name that a request is about: without it nothing else of the request matters.
    mutating func namespace() throws(CacheError) -> String {
        let name = try string("namespace", in: 1...Limits.namespaceBytes)
        try throwFault()
        return name
    }
}
