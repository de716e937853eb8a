import CacheServer
import NIOCore
import Testing

@Suite struct InlineBudgetTests {
    private static let search = TimeAmount.microseconds(30)

    /// How many of these searches, one after the other, a loop does itself.
    private func count(_ attempts: Int, every interval: TimeAmount) -> Int {
        var budget = InlineBudget()
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        return (0..<attempts).filter { _ in
            now = now + interval
            guard budget.allows(now: now) else { return false }
            budget.spend(Self.search)
            return true
        }.count
    }

    @Test func aQuarterOfTheTimeIsSpentWhenThereIsMoreToDo() {
        // As many as could be done in a second with all of the time.
        let attempts = 33_000
        let done = count(attempts, every: Self.search)
        #expect(abs(done - attempts / Int(InlineBudget.share)) < 100)
    }

    @Test func whatTakesLessThanAQuarterOfTheTimeIsAllDone() {
        #expect(count(10_000, every: Self.search * 5) == 10_000)
    }

    @Test func afterARestSoMuchIsSpentAtOnceAndNoMore() {
        let atOnce = Int(InlineBudget.most.nanoseconds / Self.search.nanoseconds) + 1
        #expect(count(1_000, every: .zero) == atOnce)
        var budget = InlineBudget()
        var now = NIODeadline.uptimeNanoseconds(1)
        for _ in 0..<1_000 where budget.allows(now: now) { budget.spend(Self.search) }
        let isSpent = !budget.allows(now: now)
        #expect(isSpent)
        now = now + .hours(1)
        var count = 0
        for _ in 0..<1_000 where budget.allows(now: now) {
            budget.spend(Self.search)
            count += 1
        }
        #expect(abs(count - atOnce) <= 1)
    }
}
