import Gateway
import GatewayCampaign
import GatewayCore
import Testing

/// Many requests of several tenants and users, mixed; a long campaign is a part of `Benchmarks/gateway/run`.
@Suite struct CampaignTests {
    private static func report(requests: Int, seed: UInt64, isMistaken: Bool = false) async throws -> CampaignReport {
        let upstream = try await Campaign.startUpstream()
        var report = CampaignReport()
        try await RunningGateway.with(
            options: Campaign.settings(upstreamPort: upstream.port, isMistaken: isMistaken),
            script: { _, _ in [] }
        ) { gateway in
            report = try await Campaign(requests: requests, seed: seed).run(gatewayPort: gateway.port)
        }
        await upstream.stop()
        return report
    }

    @Test func noAnswerGoesToWhomItIsNotMeantFor() async throws {
        let report = try await Self.report(requests: 2_000, seed: 11)
        #expect(report.crossings.isEmpty, "\(report.examples)")
        #expect(report.refusals.isEmpty, "\(report.examples)")
        #expect(report.requests == 2_000)
        // It has seen all ways in which answers are shared.
        for outcome in ["hit", "semantic-hit", "miss", "joined"] {
            #expect(report.outcomes[outcome, default: 0] >= 20, "\(report.outcomes)")
        }
        #expect(report.invalidations > 0)
    }

    @Test func aGatewayThatSharesWrongIsFoundOut() async throws {
        let report = try await Self.report(requests: 500, seed: 12, isMistaken: true)
        #expect(report.crossings[.user, default: 0] > 0, "\(report.outcomes)")
    }
}
