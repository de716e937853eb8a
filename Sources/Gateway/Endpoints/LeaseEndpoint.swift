import CacheModel
import GatewayCore

/// Hands out leases: an app takes one before it reads the data that its request will rest on.
struct LeaseEndpoint: Sendable {
    let cache: CacheGateway
    let policy: CachePolicy

    /// - Throws: `invalid_header`, `cache_unavailable`.
    func reply(_ fields: [HeaderField]) async throws -> Reply {
        let directives = try RequestDirectives(headers: fields)
        let namespace = try policy.decision(for: .init(comparison: .exact(.noText)), directives).namespace
        let lease: Lease
        do {
            lease = try await cache.lease(in: namespace)
        } catch {
            throw GatewayError(error, during: .direct)
        }
        let body = JSONWriter.object { json in
            json.member("lease", lease.description)
            json.member("namespace", namespace)
            json.member("position", lease.position.description)
        }
        return .json(body, fields: [HeaderField(HeaderField.ownPrefix + "lease", lease.description)])
    }
}
