package import CacheModel
import NIOCore

/// Asks for a lease without a lookup, and for what is known of some sources.
package struct LeaseRequest: Hashable, Sendable {
    package var namespace: String
    /// At most `Limits.namedSourceCount`.
    package var sources: [String]

    package init(namespace: String, sources: [String] = []) {
        self.namespace = namespace
        self.sources = sources
    }

    var wireBytes: Int { namespace.wireBytes + 2 + sources.totalBytes(\.wireBytes) }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(namespace, as: "namespace")
        try bytes.write(count: sources.count, of: "sources")
        for source in sources { try bytes.write(source, as: "source") }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        sources = try reader.list("sources", limit: Limits.namedSourceCount, minimumBytes: 2) {
            reader throws(CacheError) in try reader.source()
        }
    }
}

package struct LeaseReply: Hashable, Sendable {
    package var lease: Lease
    /// One for each source of the request, in its order.
    package var sources: [SourceState]

    package init(lease: Lease, sources: [SourceState] = []) {
        self.lease = lease
        self.sources = sources
    }

    var wireBytes: Int { Lease.wireBytes + 2 + sources.totalBytes(\.wireBytes) }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        lease.write(to: &bytes)
        try bytes.write(count: sources.count, of: "sources")
        for source in sources { try source.write(to: &bytes) }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        lease = try reader.lease()
        sources = try reader.list(
            "sources", limit: Limits.namedSourceCount, minimumBytes: SourceState.minimumWireBytes
        ) { reader throws(CacheError) in try reader.sourceState() }
    }
}
