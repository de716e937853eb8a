package import CacheEngine
package import CacheModel

/// What the server wants of an engine. Nothing here blocks; each `reply` is called exactly once, on any thread.
package protocol RequestExecutor: Sendable {
    func submit(_ write: WriteRequest, reply: @escaping @Sendable (WriteReply) -> Void)
    func submit(_ read: ReadRequest, reply: @escaping @Sendable (ReadReply) -> Void)
    /// Answers on the calling thread what takes less than a hand-over to another one; nil when nothing happened.
    func answerInline(_ read: ReadRequest, limit: InlineLimit) -> ReadReply?
    /// Why a lookup that came now would be refused unseen; nil when it would be taken.
    func lookupRefusal() -> CacheError?
    func lease(namespace: String, sources: [String]) -> (lease: Lease, sources: [SourceState])
    func namespaces() -> [NamespaceDescription]
    func statisticsFields() -> [StatisticsField]
    var position: Position { get }
    /// Whether lookups can hit at all.
    var isServing: Bool { get }
}

extension Engine: RequestExecutor {
    package func statisticsFields() -> [StatisticsField] { statistics().fields }
}
