public import CacheModel
import CacheProtocol

extension SemblanceClient {
    /// Asks whether the service is there.
    ///
    /// - Parameter timeout: nil for the configuration's.
    /// - Returns: the time until the reply, connecting included where that was needed.
    @discardableResult
    public func ping(timeout: Duration? = nil) async throws -> Duration {
        let echo = Array("semblance".utf8)
        let clock = ContinuousClock()
        let start = clock.now
        guard case .ping(echo) = try await send(.ping(echo), timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return clock.now - start
    }

    /// What the service said of itself when the newest connection was made; connects where there is none yet.
    public func information(timeout: Duration? = nil) async throws -> ServiceInformation {
        if pool.latestHello == nil { try await ping(timeout: timeout) }
        guard let hello = pool.latestHello else { throw CacheError.mismatchedReply }
        return ServiceInformation(hello)
    }

    /// The service's counters and gauges.
    ///
    /// - Returns: one JSON document.
    public func statistics(timeout: Duration? = nil) async throws -> String {
        guard case .statistics(let document) = try await send(.statistics, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return document
    }

    // MARK: Namespaces

    /// Makes a namespace; one with the same settings may be there already. Inserting into a namespace makes it as well,
    /// with default settings.
    ///
    /// - Throws: `.namespaceConflict` when it is there with other settings.
    @discardableResult
    public func createNamespace(
        _ name: String, settings: NamespaceSettings = NamespaceSettings(), timeout: Duration? = nil
    ) async throws -> NamespaceDescription {
        let request = Request.createNamespace(CreateNamespaceRequest(name: name, settings: settings))
        guard case .createNamespace(let description) = try await send(request, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return description
    }

    /// All namespaces and what they hold.
    public func namespaces(timeout: Duration? = nil) async throws -> [NamespaceDescription] {
        guard case .listNamespaces(let descriptions) = try await send(.listNamespaces, timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return descriptions
    }

    /// Removes a namespace and all of its entries. What is known of its sources stays, so that an old answer is not
    /// taken for a new one when the namespace is made again.
    ///
    /// - Throws: `.namespaceNotFound`.
    @discardableResult
    public func dropNamespace(_ name: String, timeout: Duration? = nil) async throws -> PurgeReceipt {
        guard case .dropNamespace(let receipt) = try await send(.dropNamespace(name), timeout: timeout) else {
            throw CacheError.mismatchedReply
        }
        return receipt
    }
}
