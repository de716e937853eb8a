public import CacheModel
import CacheProtocol

extension SemblanceClient {
    // MARK: News about sources

    /// Tells that a source has changed. After this returns, no lookup that starts later is answered from older data.
    ///
    /// - Throws: `.kindMismatch`, `.generationConflict` or `.labelConflict` when the news does not fit what is known.
    @discardableResult
    public func invalidate(
        _ invalidation: Invalidation, in namespace: String, timeout: Duration? = nil
    ) async throws -> InvalidationReceipt {
        try await invalidate([invalidation], in: namespace, timeout: timeout)[0].get()
    }

    /// Several pieces of news in one request, applied in their order: at most `Limits.batchCount`, otherwise
    /// `.invalidArgument`.
    ///
    /// - Returns: one outcome for each, in their order; some may hold and others be refused.
    public func invalidate(
        _ invalidations: [Invalidation], in namespace: String, timeout: Duration? = nil
    ) async throws -> [Result<InvalidationReceipt, CacheError>] {
        guard !invalidations.isEmpty else { return [] }
        let request = Request.invalidate(InvalidateRequest(namespace: namespace, invalidations))
        guard case .invalidate(let outcomes) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return try outcomes.expecting(invalidations.count)
    }

    /// Removes entries by their scope or tag. Later inserts there need a lease from after this.
    @discardableResult
    public func purge(_ purge: Purge, in namespace: String, timeout: Duration? = nil) async throws -> PurgeReceipt {
        let request = Request.purge(PurgeRequest(namespace: namespace, purge))
        guard case .purge(let receipt) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return receipt
    }

    /// Vouches, as an operator, for the freshness of a store that has lost what it knew of its sources.
    ///
    /// - Returns: where the store stands.
    @discardableResult
    public func liftFence(timeout: Duration? = nil) async throws -> Position {
        guard case .liftFence(let position) = try await send(.liftFence, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return position
    }

    // MARK: Leases

    /// Takes a lease: what is read from now on may be inserted with it. Not needed after a lookup, whose reply carries
    /// one.
    public func lease(in namespace: String, timeout: Duration? = nil) async throws -> Lease {
        try await lease(in: namespace, sources: [], timeout: timeout).lease
    }

    /// Takes a lease and asks what is known of sources, at most `Limits.namedSourceCount`, at the same moment.
    ///
    /// - Returns: the lease, and one state for each source, in their order.
    public func lease(
        in namespace: String, sources: [String], timeout: Duration? = nil
    ) async throws -> (lease: Lease, states: [SourceState]) {
        let request = Request.lease(LeaseRequest(namespace: namespace, sources: sources))
        guard case .lease(let reply) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return (reply.lease, try reply.sources.expecting(sources.count))
    }

    /// The newest state that the store has been told of each source, at most `Limits.namedSourceCount`, in their order.
    public func sourceStates(
        _ sources: [String], in namespace: String, timeout: Duration? = nil
    ) async throws -> [SourceState] {
        try await lease(in: namespace, sources: sources, timeout: timeout).states
    }
}
