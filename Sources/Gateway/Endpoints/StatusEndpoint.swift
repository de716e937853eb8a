import GatewayCore

/// Whether the gateway runs, and whether it is whole.
struct StatusEndpoint: Sendable {
    let cache: CacheGateway

    static var healthy: Reply { .json(JSONWriter.object { $0.member("status", "ok") }) }

    /// Without its cache the gateway still answers, so it is ready all the same, and says what is missing.
    var readiness: Reply {
        get async {
            let isReachable = await cache.isReachable()
            return .json(
                JSONWriter.object { json in
                    json.member("status", isReachable ? "ok" : "degraded")
                    json.member("cache", isReachable ? "ok" : "unavailable")
                })
        }
    }
}
