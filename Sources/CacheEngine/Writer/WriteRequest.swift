package import CacheModel

/// What the writer thread does for a caller.
package enum WriteRequest: Sendable {
    case insert(InsertBatch)
    case delete(namespace: String, entries: [EntryIdentifier], scope: Scope?)
    case createNamespace(String, NamespaceSettings)
    /// One pass over everything, in bounded steps: expired and stale entries, what dropped namespaces left, sparse blocks.
    case reclaim
    // What follows commits ahead of all of the above, in a transaction of its own.
    case invalidate(namespace: String, [Invalidation])
    case purge(namespace: String, Purge)
    case dropNamespace(String)
    /// What is announced to the other namespace holds in this one as well; nil to end that.
    case follow(namespace: String, followed: String?)
    case liftFence

    /// Whether the request concerns freshness: it overtakes inserts then and is on the disk before it is acknowledged.
    package var isInvalidation: Bool {
        switch self {
        case .insert, .delete, .createNamespace, .reclaim: false
        case .invalidate, .purge, .dropNamespace, .follow, .liftFence: true
        }
    }

    /// Rows and bytes that the request adds to a group commit.
    package var weight: (rows: Int, bytes: Int) {
        switch self {
        case .insert(let batch):
            (
                batch.insertions.count,
                batch.insertions.reduce(0) { $0 + $1.payload.count + ($1.prompt?.utf8.count ?? 0) + 512 }
            )
        case .delete(_, let entries, _): (max(1, entries.count), 0)
        default: (1, 0)
        }
    }
}

/// Insertions into one namespace, which is created if it does not exist.
package struct InsertBatch: Sendable {
    package var namespace: String
    /// The embedding model that the caller used; nil when it does not say.
    package var model: String?
    package var insertions: [Insertion]

    package init(namespace: String, model: String? = nil, insertions: [Insertion]) {
        self.namespace = namespace
        self.model = model
        self.insertions = insertions
    }
}

/// What a write answers, per kind of request.
package enum WriteReply: Sendable {
    case inserted([InsertOutcome])
    /// Per identifier, whether there was such an entry.
    case deleted([Bool])
    case created(NamespaceDescription)
    case reclaimed(entryCount: Int)
    case invalidated([Result<InvalidationReceipt, CacheError>])
    case purged(PurgeReceipt)
    case dropped(PurgeReceipt)
    /// The position of the store, at or after the change.
    case following(Position)
    case fenceLifted(Position)
    case failed(CacheError)
}
