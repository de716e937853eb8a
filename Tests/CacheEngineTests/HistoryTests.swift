import Foundation
import Testing

/// Long seeded histories against the model. `SEMBLANCE_HISTORY_STEPS` sets how long, `SEMBLANCE_HISTORY_SEED` where to
/// begin.
@Suite struct HistoryTests {
    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }
    /// A world gets a fresh store after so many steps, as in an old one everything has been announced to death.
    private static let stepsPerWorld = 200

    @Test func everyAnswerOfALongHistoryIsTheModelsAndNoneIsStale() throws {
        let steps = Self.number("SEMBLANCE_HISTORY_STEPS") ?? 3_000
        let firstSeed = Self.number("SEMBLANCE_HISTORY_SEED") ?? 1
        var seen: [String: Int] = [:]
        for world in 0..<max(1, steps / Self.stepsPerWorld) {
            let seed = UInt64(firstSeed + world)
            var campaign = try HistoryCampaign(seed: seed)
            for step in 1...Self.stepsPerWorld {
                do {
                    try campaign.step()
                } catch {
                    let last = campaign.driver.log.suffix(14).joined(separator: "\n")
                    Issue.record("seed \(seed), step \(step): \(error)\nlast steps:\n\(last)")
                    return
                }
            }
            seen.merge(campaign.driver.seen, uniquingKeysWith: +)
        }
        if Self.number("SEMBLANCE_HISTORY_STEPS") != nil { print(seen.sorted { $0.key < $1.key }) }
        // A history that never comes to these answers proves nothing about them.
        let missing = Self.everyAnswer.filter { seen[$0] == nil }
        #expect(missing.isEmpty, "seen: \(seen.sorted { $0.key < $1.key })")
    }

    private static let everyAnswer = [
        "changed", "already", "unacknowledged", "invalidate kind-mismatch", "invalidate generation-conflict",
        "invalidate label-conflict", "purged", "dropped", "fence lifted", "restart", "restored", "reclaimed", "stored",
        "insert stale-dependency", "insert lease-required", "insert bad-lease", "insert fenced", "insert superseded",
        "vector hits", "key hit", "miss nothingStored", "miss belowThreshold", "miss stale", "miss expired",
        "miss fenced",
    ]
}
