package import CacheModel
import NIOCore

/// Asks for a page of a namespace's entries, with all that it takes to store them elsewhere.
package struct ScanRequest: Hashable, Sendable {
    package var namespace: String
    package var scan: Scan

    package init(namespace: String, scan: Scan) {
        self.namespace = namespace
        self.scan = scan
    }

    private enum Flag {
        static let scope: UInt8 = 1
        static let unservable: UInt8 = 2
        static let omitsPayloads: UInt8 = 4
        static let omitsVectors: UInt8 = 8
        static let known = scope | unservable | omitsPayloads | omitsVectors
    }

    var wireBytes: Int { namespace.wireBytes + 1 + 2 + 8 + (scan.scope == nil ? 0 : 16) }

    /// Namespace, flags u8, limit u16, after u64, scope.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        var flags: UInt8 = 0
        if scan.scope != nil { flags |= Flag.scope }
        if scan.includesUnservable { flags |= Flag.unservable }
        if scan.omitsPayloads { flags |= Flag.omitsPayloads }
        if scan.omitsVectors { flags |= Flag.omitsVectors }
        try bytes.write(namespace, as: "namespace")
        bytes.write(flags)
        try bytes.write(count: scan.limit, of: "limit")
        bytes.write(scan.after.number)
        if let scope = scan.scope { bytes.write(scope.fingerprint) }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        let flags = try reader.flags(known: Flag.known)
        let limit = Int(try reader.integer(UInt16.self))
        if !(1...Limits.batchCount).contains(limit) {
            reader.note(.outOfRange("limit", limit: limit == 0 ? 1 : Limits.batchCount, got: limit))
        }
        let after = EntryIdentifier(try reader.integer())
        scan = Scan(
            after: after, scope: flags & Flag.scope == 0 ? nil : try reader.scope(), limit: limit,
            includesUnservable: flags & Flag.unservable != 0, omitsPayloads: flags & Flag.omitsPayloads != 0,
            omitsVectors: flags & Flag.omitsVectors != 0)
    }
}

extension ScanPage {
    var wireBytes: Int {
        Position.wireBytes + 8 + 8 + 1 + 3 * 4 + 2 + entries.totalBytes(\.wireBytes)
    }

    /// Position, newest u64, last u64, whether it is the end, u32 counts of stale, expired and damaged entries, then
    /// the entries.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        position.write(to: &bytes)
        bytes.write(newest.number)
        bytes.write(last.number)
        bytes.write(isAtEnd)
        bytes.write(UInt32(clamping: passedOver.stale))
        bytes.write(UInt32(clamping: passedOver.expired))
        bytes.write(UInt32(clamping: passedOver.damaged))
        try bytes.write(count: entries.count, of: "batch")
        for entry in entries { try entry.write(to: &bytes) }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let position = try reader.position()
        let newest = EntryIdentifier(try reader.integer())
        let last = EntryIdentifier(try reader.integer())
        let isAtEnd = try reader.boolean()
        let stale = Int(try reader.integer(UInt32.self))
        let expired = Int(try reader.integer(UInt32.self))
        let damaged = Int(try reader.integer(UInt32.self))
        let count = try reader.count(minimumBytes: ScannedEntry.minimumWireBytes)
        var entries: [ScannedEntry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count { entries.append(try ScannedEntry(from: &reader)) }
        self.init(
            entries: entries, last: last, isAtEnd: isAtEnd, newest: newest, position: position,
            passedOver: PassedOver(stale: stale, expired: expired, damaged: damaged))
    }
}

extension ScannedEntry {
    static let minimumWireBytes = StoredEntry.minimumWireBytes + 8 + VectorEncoding.minimumWireBytes

    /// Vectors are always float32: half precision would lose bits.
    var wireBytes: Int { entry.wireBytes(withPayload: true) + 8 + VectorEncoding.float32.wireBytes(vector) }

    /// The entry, the sequence of its lease u64, the vector.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try entry.write(to: &bytes, withPayload: true)
        bytes.write(fillSequence)
        try bytes.write(vector, as: .float32)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let entry = try StoredEntry(from: &reader)
        let fillSequence = try reader.integer(UInt64.self)
        self.init(entry: entry, fillSequence: fillSequence, vector: try reader.vector())
    }
}

/// Has the freshness of one namespace follow that of another.
package struct FollowRequest: Hashable, Sendable {
    package var namespace: String
    /// Nil to follow none any more.
    package var followed: String?

    package init(namespace: String, followed: String?) {
        self.namespace = namespace
        self.followed = followed
    }

    var wireBytes: Int { namespace.wireBytes + 1 + (followed?.wireBytes ?? 0) }

    /// Namespace; whether another is followed, then its name.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(namespace, as: "namespace")
        bytes.write(followed != nil)
        if let followed { try bytes.write(followed, as: "followed") }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        followed = try reader.boolean() ? try reader.string("followed", in: 1...Limits.namespaceBytes) : nil
    }
}
