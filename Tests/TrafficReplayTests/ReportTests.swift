import Foundation
import GatewayCore
import Testing

@testable import TrafficReplay

@Suite struct ReportTests {
    private func report() async throws -> ReplayReport {
        let vectors: [String: [Float]] = [
            "a": TableEmbedder.at(cosine: 1), "a99": TableEmbedder.at(cosine: 0.99), "a95": TableEmbedder.at(cosine: 0.95),
            "a90": TableEmbedder.at(cosine: 0.9),
        ]
        let log = try ReplayWorld.log(
            ReplayWorld.lines(["a|one", "a99|one", "a95|two", "a90|one", "a|one", "far|three"]) + ["{"])
        var report = try await ReplayWorld.report(
            log, [0.85, 0.925, 0.97], vectors: vectors, judge: ListJudge(vetoed: ["a95|a"]))
        report.priceOrigin = "a table"
        return report
    }

    @Test func theTableIsThis() async throws {
        let expected = """
            THRESHOLD  HIT RATE  EXACT  SEMANTIC  VETOED  FALSE HITS  95% INTERVAL    SAVED  SAVED %
                 0.85     50.0%      1         2       1      1 of 2     9.5-90.5%  $0.0300    50.0%
               0.9250     50.0%      1         2       1      1 of 2     9.5-90.5%  $0.0300    50.0%
                 0.97     50.0%      1         2       0      1 of 2     9.5-90.5%  $0.0300    50.0%

            VETOED AT  NUMBER  ASKED THE SAME
                 0.85       1          0 of 1
               0.9250       1          0 of 1
                 0.97       0          0 of 0
            """
        #expect(try await report().table.joined(separator: "\n") == expected)
    }

    @Test func theSummaryIsThis() async throws {
        let expected = """
            6 requests of 7 lines
              questions  5 different, in 1 scope; 5 texts encoded
              compared   6 by meaning, 0 letter for letter only, 0 not at all
              cost       $0.0600 for 6 requests; where the log names no cost, by a table
              labels     6 requests
            1 line was not replayed:
              line 7: not JSON: the text ends too early (byte 1)
            """
        #expect(try await report().summary.joined(separator: "\n") == expected)
    }

    @Test(arguments: [40, 60, 80, 132, 400]) func theBarsKeepToTheWidth(_ width: Int) async throws {
        let report = try await report()
        for isUnicode in [true, false] {
            let lines = BarChart(width: width, isUnicode: isUnicode).lines(report)
            let bars = lines.prefix(report.outcomes.count + 1)
            #expect(bars.allSatisfy { $0.count <= max(width, 40) })
            if !isUnicode { #expect(lines.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }) }
        }
    }

    @Test func theJSONHasWholeBillionths() async throws {
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(try await report().json.utf8)) as? [String: Any])
        let outcomes = try #require(json["outcomes"] as? [[String: Any]])
        #expect(outcomes.count == 3)
        #expect(outcomes[0]["savedNanoDollars"] as? Int == 30_000_000)
        #expect(outcomes[0]["threshold"] as? Double == 0.85)
        #expect((json["notReplayed"] as? [String: Any])?["count"] as? Int == 1)
    }

    @Test func thePictureIsWellFormedAndHasOnlyNumbers() async throws {
        var report = try await report()
        for count in [3, 1] {
            report.outcomes = Array(report.outcomes.prefix(count))
            let svg = ReplayChart(report).svg
            #expect(!svg.contains("nan") && !svg.contains("inf"))
            #expect(svg.matches(of: /<(line|rect|circle|polygon|polyline)\b[^>]*[^\/]>/).isEmpty)
            #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
            #expect(svg.contains("Saved, of $0.0600 spent"))
        }
    }

    @Test func thePageShowsFalseHitsAndEscapesThem() async throws {
        let log = try ReplayWorld.log(ReplayWorld.lines(["<b>&|one", "c|two"]))
        let vectors: [String: [Float]] = ["<b>&": [1], "c": [1]]
        let html = ReplayPage(try await ReplayWorld.report(log, [0.9], vectors: vectors)).html
        #expect(html.contains("<td>1: &lt;b&gt;&amp;</td>"))
        #expect(!html.contains("<b>"))
    }

    @Test(arguments: [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1)])
    func intervalsAreWilsons(_ count: Int, _ total: Int, _ lower: Double, _ upper: Double) throws {
        let interval = try #require(WilsonInterval(count, of: total))
        #expect(abs(interval.lower - lower) < 5e-5)
        #expect(abs(interval.upper - upper) < 5e-5)
        #expect(WilsonInterval(0, of: 0) == nil)
    }

    @Test func sweepsAreReadWithoutBinaryFractions() throws {
        let values = try #require(ThresholdSweep("0.80:0.99:0.01")).values
        #expect(values.count == 20)
        #expect(values.last == 0.99)
        #expect(ThresholdSweep("0.9")?.values == [0.9])
        for text in ["", "a", "0.9:0.8:0.01", "0.8:0.9", "0.8:0.9:0", "0.8:1.1:0.1", "0:1:0.001", "-1", "0.8:0.9:0.01:1"] {
            #expect(ThresholdSweep(text) == nil, "\(text)")
        }
    }
}
