import AsyncHTTPClient
import GatewayCore

/// Many requests of several tenants and users to one gateway, mixed, of which each answer is checked: whether whoever
/// got it may see it.
///
///     let upstream = try await Campaign.startUpstream()
///     // a gateway with Campaign.settings(upstreamPort: upstream.port)
///     let report = try await Campaign(requests: 100_000, seed: 1).run(gatewayPort: port)
package struct Campaign: Sendable {
    package var requests: Int
    /// Requests at the same time, about.
    package var concurrency: Int
    package var seed: UInt64

    package init(requests: Int, concurrency: Int = 48, seed: UInt64) {
        self.requests = requests
        self.concurrency = concurrency
        self.seed = seed
    }

    /// 32 bytes that everybody knows.
    static let secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    package static func startUpstream() async throws -> AnsweringServer {
        try await AnsweringServer.start { CampaignUpstream.answer($0) }
    }

    /// What the gateway has to be told, by the keys of its configuration.
    ///
    /// - Parameter isMistaken: whether the gateway shares among all what the campaign takes for each user's own. A
    ///   campaign has to notice that.
    package static func settings(upstreamPort: Int, isMistaken: Bool = false) -> [String: String] {
        let address = "http://127.0.0.1:\(upstreamPort)/v1"
        var settings = [
            "upstreams.fake.base-url": address, "encoder.url": address, "encoder.model": "words",
            "webhooks.secrets": "whsec_" + secret, "cache.timeout": "10s", "retries.attempts": "1",
            "use-cases": CampaignUseCase.allCases.map(\.rawValue).joined(separator: ","),
        ]
        for useCase in CampaignUseCase.allCases {
            let prefix = "use-cases.\(useCase.rawValue)."
            settings[prefix + "share"] = isMistaken ? Sharing.team.rawValue : useCase.sharing.rawValue
            settings[prefix + "semantic"] = "on"
            settings[prefix + "threshold"] = "0.95"
        }
        return settings
    }

    /// Asks everything there is to ask.
    ///
    /// - Throws: when the gateway cannot be reached, or answers what is no answer.
    package func run(gatewayPort: Int) async throws -> CampaignReport {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 8 * concurrency
        let http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
        let run = CampaignRun(
            CampaignPlan(requestCount: requests, seed: seed), http, address: "http://127.0.0.1:\(gatewayPort)")
        do {
            try await withThrowingTaskGroup(of: Void.self) { workers in
                for _ in 0..<concurrency { workers.addTask { try await run.work() } }
                try await workers.waitForAll()
            }
        } catch {
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
        return run.result
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }
}
