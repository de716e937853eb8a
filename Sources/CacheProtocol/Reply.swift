package import CacheModel
import NIOCore

/// What a server answers. Large cases are indirect, so that the reply to a lookup on its way is small.
package enum Reply: Hashable, Sendable {
    indirect case hello(HelloReply)
    case ping([UInt8])
    /// One JSON document.
    case statistics(String)
    /// One for each lookup of the request, in its order.
    case lookup([LookupReply])
    /// One for each insertion of the request, in its order.
    case insert([InsertOutcome])
    indirect case get(StoredEntry)
    /// Whether each entry of the request was there, in its order.
    case delete([Bool])
    indirect case scan(ScanPage)
    /// One for each invalidation of the request, in its order.
    case invalidate([InvalidationOutcome])
    case lease(LeaseReply)
    case purge(PurgeReceipt)
    case liftFence(Position)
    indirect case createNamespace(NamespaceDescription)
    case listNamespaces([NamespaceDescription])
    case dropNamespace(PurgeReceipt)
    /// The position from which on it holds.
    case follow(Position)
    /// The request as a whole could not be answered; `.connection` for what concerns no request.
    case failure(CacheError, Opcode)

    package var opcode: Opcode {
        switch self {
        case .hello: .hello
        case .ping: .ping
        case .statistics: .statistics
        case .lookup: .lookup
        case .insert: .insert
        case .get: .get
        case .delete: .delete
        case .scan: .scan
        case .invalidate: .invalidate
        case .lease: .lease
        case .purge: .purge
        case .liftFence: .liftFence
        case .createNamespace: .createNamespace
        case .listNamespaces: .listNamespaces
        case .dropNamespace: .dropNamespace
        case .follow: .follow
        case .failure(_, let opcode): opcode
        }
    }
}

extension Reply {
    /// Decodes the body of a reply's frame.
    ///
    /// - Throws: `.malformedFrame` when it does not add up.
    package init(_ frame: Frame) throws(CacheError) {
        var reader = BodyReader(frame.body, enforcesLimits: false)
        if frame.header.flags.contains(.error) {
            self = .failure(try reader.error(), frame.header.opcode)
            try reader.finish()
            return
        }
        switch frame.header.opcode {
        case .connection: throw reader.malformed("a reply about the connection is not an error")
        case .hello: self = .hello(try HelloReply(from: &reader))
        case .ping: self = .ping(try reader.byteArray(reader.remainingBytes))
        case .statistics: self = .statistics(try reader.longString("statistics", in: 0...Limits.frameBytes))
        case .lookup:
            self = .lookup(
                try reader.items(minimumBytes: LookupReply.minimumWireBytes) { reader throws(CacheError) in
                    try LookupReply(from: &reader)
                })
        case .insert:
            self = .insert(
                try reader.items(minimumBytes: InsertOutcome.minimumWireBytes) { reader throws(CacheError) in
                    try InsertOutcome(from: &reader)
                })
        case .get: self = .get(try StoredEntry(from: &reader))
        case .delete:
            self = .delete(try reader.items(minimumBytes: 1) { reader throws(CacheError) in try reader.boolean() })
        case .scan: self = .scan(try ScanPage(from: &reader))
        case .invalidate:
            self = .invalidate(
                try reader.items(minimumBytes: InvalidationOutcome.minimumWireBytes) { reader throws(CacheError) in
                    try InvalidationOutcome(from: &reader)
                })
        case .lease: self = .lease(try LeaseReply(from: &reader))
        case .purge: self = .purge(try PurgeReceipt(from: &reader))
        case .liftFence: self = .liftFence(try reader.position())
        case .createNamespace: self = .createNamespace(try NamespaceDescription(from: &reader))
        case .listNamespaces:
            let count = try reader.count(UInt32.self, minimumBytes: NamespaceDescription.minimumWireBytes)
            self = .listNamespaces(
                try reader.items(count) { reader throws(CacheError) in try NamespaceDescription(from: &reader) })
        case .dropNamespace: self = .dropNamespace(try PurgeReceipt(from: &reader))
        case .follow: self = .follow(try reader.position())
        }
        try reader.finish()
    }
}

extension BodyReader {
    /// The items of a reply behind a count of 16 bits.
    fileprivate mutating func items<Item>(
        minimumBytes: Int, _ item: (inout BodyReader) throws(CacheError) -> Item
    ) throws(CacheError) -> [Item] {
        try items(try count(minimumBytes: minimumBytes), item)
    }

    /// - Parameter count: compared with the bytes that are left already.
    fileprivate mutating func items<Item>(
        _ count: Int, _ item: (inout BodyReader) throws(CacheError) -> Item
    ) throws(CacheError) -> [Item] {
        var items: [Item] = []
        items.reserveCapacity(count)
        for _ in 0..<count { items.append(try item(&self)) }
        return items
    }
}
