public import CacheModel
import CacheProtocol

extension SemblanceClient {
    /// A page of a namespace's entries in the order of their numbers, with all that it takes to store them again. Only
    /// entries that hold at this moment, unless the scan wants others, too.
    ///
    ///     var scan = Scan()
    ///     repeat {
    ///         page = try await client.scan(scan, in: "support")
    ///         scan.after = page.last
    ///     } while !page.isAtEnd
    ///
    /// Pages are read one by one, not as of one moment: an entry that is stored meanwhile comes at the end, one that
    /// goes before its page is read is not there.
    ///
    /// - Throws: `.namespaceNotFound`; `.unsupportedVersion` for a service that cannot do this yet.
    public func scan(_ scan: Scan, in namespace: String, timeout: Duration? = nil) async throws -> ScanPage {
        try await requireCopies(timeout)
        let request = Request.scan(ScanRequest(namespace: namespace, scan: scan))
        guard case .scan(let page) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return page
    }

    /// From now on what is announced to `followed` and purged there holds in `namespace` as well, in the same moment;
    /// so does what was announced before. The copy of an entry that is stored under a lease of the entry's sequence
    /// then holds exactly as long as the entry does, although nobody announces anything to `namespace`.
    ///
    /// - Parameter followed: nil to end it; what is known stays known.
    /// - Throws: `.namespaceNotFound` for a name that the store has never heard of; `.invalidArgument` when `followed`
    ///   follows `namespace`; `.unsupportedVersion` for a service that cannot do this yet.
    @discardableResult
    public func follow(_ followed: String?, by namespace: String, timeout: Duration? = nil) async throws -> Position {
        try await requireCopies(timeout)
        let request = Request.follow(FollowRequest(namespace: namespace, followed: followed))
        guard case .follow(let position) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return position
    }

    private func requireCopies(_ timeout: Duration?) async throws {
        let information = try await information(timeout: timeout)
        guard information.copiesEntries else {
            throw CacheError(
                .unsupportedVersion,
                "the service is of version \(information.serverVersion), which cannot copy entries; upgrade it")
        }
    }
}
