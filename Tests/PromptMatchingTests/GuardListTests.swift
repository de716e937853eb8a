import PromptMatching
import Testing

/// Both lists were written and frozen before the guards were.
@Suite struct GuardListTests {
    private func verdict(_ row: PromptPairList.Row) -> GuardSet.Verdict {
        GuardSet().verdict(PromptText(row.first), PromptText(row.second))
    }

    @Test func atMostTenOfTwoHundredParaphrasesAreVetoed() throws {
        let rows = try PromptPairList("paraphrases").rows
        #expect(rows.count == 200)
        let vetoed = rows.compactMap { row -> String? in
            guard case .veto(let finding) = verdict(row) else { return nil }
            return "\(row.first) | \(row.second) | \(finding)"
        }
        #expect(vetoed.count <= 10, "\(vetoed.joined(separator: "\n"))")
    }

    @Test func atMostFourOfTwoHundredNearCollisionsPass() throws {
        let rows = try PromptPairList("near-collisions").rows
        #expect(rows.count == 200)
        let passed = rows.filter { verdict($0) == .pass }.map { "\($0.kind): \($0.first) | \($0.second)" }
        #expect(passed.count <= 4, "\(passed.joined(separator: "\n"))")
    }

    @Test func aVerdictDoesNotDependOnWhichPromptComesFirst() throws {
        for name in ["paraphrases", "near-collisions"] {
            for row in try PromptPairList(name).rows {
                let first = PromptText(row.first)
                let second = PromptText(row.second)
                let isVetoed = GuardSet().verdict(first, second) != .pass
                #expect(isVetoed == (GuardSet().verdict(second, first) != .pass), "\(row.first) | \(row.second)")
            }
        }
    }
}
