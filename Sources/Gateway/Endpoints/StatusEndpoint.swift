import GatewayCore

/// Whether the gateway runs, and whether it is whole.
struct StatusEndpoint: Sendable {
    let cache: CacheGateway
    let counters: GatewayCounters

    static var healthy: Reply { .json(JSONWriter.object { $0.member("status", "ok") }) }

    var metrics: Reply {
        Reply(contentType: "text/plain; version=0.0.4; charset=utf-8", body: .bytes(Array(counters.exposition.utf8)))
    }

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
