import BenchmarkHarness
import GatewayCampaign

/// A long campaign that must find nothing, and a short one that must find something.
struct CampaignBenchmark {
    let options: Options

    func run(_ report: Report) async throws {
        let found = try await campaign(options.campaignRequests, isMistaken: false)
        report.line("## Nothing crosses")
        report.line()
        report.line(
            "\(found.requests) requests, mixed; \(found.sharedAnswers) answers had been made for another request, "
                + "\(found.invalidations) invalidations came in between. In \(found.seconds) s, seed \(options.seed).")
        report.line()
        report.line("| " + found.outcomes.keys.sorted().joined(separator: " | ") + " | given to whom they must not be |")
        report.line("|" + String(repeating: "---|", count: found.outcomes.count + 1))
        let counts = found.outcomes.sorted { $0.key < $1.key }.map { "\($0.value)" }
        report.line("| " + (counts + ["\(found.crossingCount)"]).joined(separator: " | ") + " |")
        report.line()
        guard found.crossingCount == 0, found.refusals.isEmpty else {
            throw Failure("crossings \(found.crossings), refusals \(found.refusals):\n"
                + found.examples.joined(separator: "\n"))
        }
        let mistaken = try await campaign(max(1_000, options.campaignRequests / 20), isMistaken: true)
        report.line(
            "Of a gateway that shares wrongly among users (all use cases told `share: team`), \(mistaken.crossingCount) of "
                + "\(mistaken.requests) answers were found out.")
        report.line()
        guard mistaken.crossingCount > 0 else { throw Failure("the campaign does not notice a gateway that shares wrongly") }
    }

    private func campaign(_ requests: Int, isMistaken: Bool) async throws -> Found {
        let upstream = try await Campaign.startUpstream()
        let services = try Services(
            binaries: options.binaries,
            settings: Campaign.settings(upstreamPort: upstream.port, isMistaken: isMistaken))
        defer { services.end() }
        let start = ContinuousClock.now
        let report = try await Campaign(requests: requests, seed: options.seed).run(gatewayPort: services.port)
        let seconds = Int(((ContinuousClock.now - start) / .seconds(1)).rounded())
        await upstream.stop()
        return Found(report: report, seconds: seconds)
    }

    @dynamicMemberLookup
    private struct Found {
        var report: CampaignReport
        var seconds: Int

        subscript<Value>(dynamicMember path: KeyPath<CampaignReport, Value>) -> Value { report[keyPath: path] }
    }
}
