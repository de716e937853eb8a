public import CacheModel
import CacheProtocol

extension SemblanceClient {
    // MARK: Looking up

    /// Asks whether something that means the same has been answered before, and whether the answer still holds.
    ///
    /// - Parameter timeout: nil for the configuration's.
    /// - Returns: hits or a miss, never `.refused`, with a lease for inserting what is computed instead.
    /// - Throws: what a batch would report as `.refused`, among the other errors.
    public func lookup(
        _ lookup: Lookup, in namespace: String, timeout: Duration? = nil
    ) async throws -> LookupReply {
        let reply = try await self.lookup([lookup], in: namespace, timeout: timeout)[0]
        if case .refused(let error) = reply.outcome { throw error }
        return reply
    }

    /// Several lookups in one request: at most `Limits.batchCount`, otherwise `.invalidArgument`.
    ///
    /// - Returns: one reply for each lookup, in their order. When payloads do not fit in one frame, later hits come
    ///   without theirs: `entry` gets them one by one.
    public func lookup(
        _ lookups: [Lookup], in namespace: String, timeout: Duration? = nil
    ) async throws -> [LookupReply] {
        guard !lookups.isEmpty else { return [] }
        let request = Request.lookup(LookupRequest(namespace: namespace, lookups))
        guard case .lookup(let replies) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return try replies.expecting(lookups.count)
    }

    // MARK: Storing

    /// Stores an answer, durably as the service is configured.
    ///
    /// Not tried again once it may have been sent: after `.connectionClosed` or `.deadlineExceeded` it may be stored or
    /// not. With a key, storing it again only takes its own place.
    ///
    /// - Parameter model: what made the vectors, a label that all clients of the namespace agree on; empty to say
    ///   nothing.
    /// - Throws: the refusal, such as `.staleDependency`, `.leaseRequired`, `.modelMismatch` or `.dimensionMismatch`.
    @discardableResult
    public func insert(
        _ insertion: Insertion, in namespace: String, model: String = "", timeout: Duration? = nil
    ) async throws -> EntryIdentifier {
        switch try await insert([insertion], in: namespace, model: model, timeout: timeout)[0] {
        case .stored(let identifier, _): return identifier
        case .refused(let error): throw error
        }
    }

    /// Several insertions in one request: at most `Limits.batchCount`, otherwise `.invalidArgument`.
    ///
    /// - Returns: one outcome for each insertion, in their order; some may be stored and others refused.
    public func insert(
        _ insertions: [Insertion], in namespace: String, model: String = "", timeout: Duration? = nil
    ) async throws -> [InsertOutcome] {
        guard !insertions.isEmpty else { return [] }
        let request = Request.insert(InsertRequest(namespace: namespace, model: model, insertions))
        guard case .insert(let outcomes) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return try outcomes.expecting(insertions.count)
    }

    // MARK: Single entries

    /// One entry by its number, payload included.
    ///
    /// - Parameter scope: where the entry must be, otherwise it is not found; nil for anywhere in the namespace.
    /// - Throws: `.entryNotFound`, also for an entry that is not servable any more.
    public func entry(
        _ identifier: EntryIdentifier, in namespace: String, scope: Scope? = nil, timeout: Duration? = nil
    ) async throws -> StoredEntry {
        let request = Request.get(GetRequest(namespace: namespace, scope: scope, entry: identifier))
        guard case .get(let entry) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return entry
    }

    /// Removes one entry.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    public func delete(
        _ identifier: EntryIdentifier, in namespace: String, scope: Scope? = nil, timeout: Duration? = nil
    ) async throws -> Bool {
        try await delete([identifier], in: namespace, scope: scope, timeout: timeout)[0]
    }

    /// Removes entries: at most `Limits.batchCount`, otherwise `.invalidArgument`.
    ///
    /// - Parameter scope: where the entries must be, otherwise they are not found; nil for anywhere in the namespace.
    /// - Returns: whether each was there, in their order.
    @discardableResult
    public func delete(
        _ identifiers: [EntryIdentifier], in namespace: String, scope: Scope? = nil, timeout: Duration? = nil
    ) async throws -> [Bool] {
        guard !identifiers.isEmpty else { return [] }
        let request = Request.delete(DeleteRequest(namespace: namespace, scope: scope, entries: identifiers))
        guard case .delete(let found) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return try found.expecting(identifiers.count)
    }
}
