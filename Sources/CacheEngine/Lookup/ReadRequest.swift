package import CacheModel

/// What a search thread does for a caller.
package enum ReadRequest: Sendable {
    /// Lookups in one namespace, up to `Limits.batchCount`.
    case lookup(namespace: String, [Lookup])
    /// One entry with its payload; it must be of the scope if one is given.
    indirect case get(namespace: String, scope: Scope?, entry: EntryIdentifier)
    /// A page of a namespace's entries.
    indirect case scan(namespace: String, Scan)

    package var queryCount: Int {
        switch self {
        case .lookup(_, let lookups): lookups.count
        case .get: 1
        // As much work as a batch of its own.
        case .scan: Limits.searchBatchCount
        }
    }
}

/// What a read answers, per kind of request.
package enum ReadReply: Sendable {
    case lookup([LookupReply])
    indirect case entry(StoredEntry)
    indirect case page(ScanPage)
    /// The whole request failed.
    case failed(CacheError)
}
