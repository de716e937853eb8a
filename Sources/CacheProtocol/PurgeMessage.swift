package import CacheModel
import NIOCore

package struct PurgeRequest: Hashable, Sendable {
    package var namespace: String
    package var purge: Purge

    package init(namespace: String, _ purge: Purge) {
        self.namespace = namespace
        self.purge = purge
    }

    private enum Kind: UInt8 {
        case scope = 1
        case tag = 2
    }

    var wireBytes: Int {
        switch purge {
        case .scope: namespace.wireBytes + 1 + 16
        case .tag(let tag): namespace.wireBytes + 1 + tag.wireBytes
        }
    }

    /// The namespace, kind u8, then the scope or the tag.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(namespace, as: "namespace")
        switch purge {
        case .scope(let scope):
            bytes.write(Kind.scope.rawValue)
            bytes.write(scope.fingerprint)
        case .tag(let tag):
            bytes.write(Kind.tag.rawValue)
            try bytes.write(tag, as: "tag")
        }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        switch Kind(rawValue: try reader.integer()) {
        case .scope: purge = .scope(try reader.scope())
        case .tag: purge = .tag(try reader.tag())
        case nil: throw reader.malformed("unknown kind of a purge")
        }
    }
}

extension PurgeReceipt {
    static let wireBytes = 8 + Position.wireBytes

    /// Count u64 of the entries that are gone, then the store's position.
    func write(to bytes: inout ByteBuffer) {
        bytes.write(UInt64(clamping: entryCount))
        position.write(to: &bytes)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let entryCount = try reader.quantity()
        self.init(entryCount: entryCount, position: try reader.position())
    }
}
