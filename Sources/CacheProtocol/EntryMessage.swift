package import CacheModel
import NIOCore

/// Asks for one entry by its number, payload included.
package struct GetRequest: Hashable, Sendable {
    package var namespace: String
    /// The scope that the entry must be in, otherwise it is not found; nil for any.
    package var scope: Scope?
    package var entry: EntryIdentifier

    package init(namespace: String, scope: Scope? = nil, entry: EntryIdentifier) {
        self.namespace = namespace
        self.scope = scope
        self.entry = entry
    }

    var wireBytes: Int { namespace.wireBytes + 1 + (scope == nil ? 0 : 16) + 8 }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(namespace, as: "namespace")
        bytes.write(optional: scope)
        bytes.write(entry.number)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        scope = try reader.optionalScope()
        entry = EntryIdentifier(try reader.integer())
    }
}

/// Removes entries by their numbers.
package struct DeleteRequest: Hashable, Sendable {
    package var namespace: String
    /// The scope that the entries must be in, otherwise they are not found; nil for any.
    package var scope: Scope?
    /// 1 through `Limits.batchCount`.
    package var entries: [EntryIdentifier]

    package init(namespace: String, scope: Scope? = nil, entries: [EntryIdentifier]) {
        self.namespace = namespace
        self.scope = scope
        self.entries = entries
    }

    var wireBytes: Int { namespace.wireBytes + 1 + (scope == nil ? 0 : 16) + 2 + entries.count * 8 }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(namespace, as: "namespace")
        bytes.write(optional: scope)
        try bytes.write(count: entries.count, of: "batch")
        for entry in entries { bytes.write(entry.number) }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        scope = try reader.optionalScope()
        entries = []
        for _ in 0..<(try reader.batchCount(minimumBytes: 8)) {
            entries.append(EntryIdentifier(try reader.integer()))
        }
    }
}

extension ByteBuffer {
    /// Whether there is one u8, then the scope.
    fileprivate mutating func write(optional scope: Scope?) {
        write(scope != nil)
        if let scope { write(scope.fingerprint) }
    }
}

extension BodyReader {
    fileprivate mutating func optionalScope() throws(CacheError) -> Scope? { try boolean() ? try scope() : nil }
}
