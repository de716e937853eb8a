import CacheEngine
import CacheModel
import CacheStorage
import Testing

/// The ledger against a list of what should be in it.
@Suite struct UsageLedgerTests {
    private static let never = Timestamp(milliseconds: 0)

    @Test(arguments: 0..<8)
    func itFollowsCommitsAndForgetsWhatWasNotCommitted(_ seed: Int) {
        var random = HistoryRandom(seed: UInt64(seed))
        let ledger = UsageLedger(order: seed % 2 == 0 ? .value : .recency, seed: UInt64(seed))
        let contents = (1...3).map { ContentIdentifier(UInt32($0)) }
        for content in contents { ledger.track(content, hasLimit: content.number < 3) }
        var committed: [UInt64: EntryUsage] = [:]
        var present = committed
        var next: UInt64 = 1
        var committedNext = next
        for _ in 0..<1_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let expiresAt: Int64 = random.chance(0.3) ? .random(in: 0..<1_000, using: &random) : .max
                let usage = EntryUsage(
                    entry: next, content: random.pick(contents), bytes: .random(in: 1...9_999, using: &random),
                    costNanodollars: .random(in: 0...99, using: &random), expiresAtMilliseconds: expiresAt)
                ledger.add(usage, fingerprint: next % 50)
                present[next] = usage
                next += 1
            case 5..<7:
                // Also such as are not there.
                let entry = UInt64.random(in: 0...next, using: &random)
                ledger.remove(EntryIdentifier(entry), fingerprint: random.chance(0.5) ? entry % 50 : nil)
                present[entry] = nil
            case 7: ledger.hit(EntryIdentifier(.random(in: 0...next, using: &random)))
            case 8:
                ledger.commit()
                committed = present
                committedNext = next
            default:
                ledger.rollBack()
                present = committed
                next = committedNext
            }
            #expect(ledger.checkInvariants())
            #expect(ledger.totals.entryCount == present.count)
            #expect(ledger.totals.byteCount == present.values.reduce(0) { $0 + Int($1.bytes) })
            let content = random.chance(0.5) ? contents[Int.random(in: 0..<2, using: &random)] : nil
            let now = Timestamp(milliseconds: .random(in: 0..<1_000, using: &random))
            let old = present.values.filter { committed[$0.entry] != nil && (content ?? $0.content) == $0.content }
            guard let victim = ledger.victim(in: content, .bytes, now: now) else {
                #expect(old.isEmpty)
                continue
            }
            #expect(old.contains { $0.entry == victim.usage.entry && $0.bytes == victim.usage.bytes })
            // What is added has never expired already.
            if present.values.contains(where: { committed[$0.entry] == nil && $0.expiresAt <= now.milliseconds }) { continue }
            let expired = old.filter { $0.expiresAt <= now.milliseconds }.map(\.expiresAt).min()
            #expect(victim.isExpired == (expired != nil))
            if let expired { #expect(victim.usage.expiresAt == expired) }
        }
    }

    @Test func aDiscardedContentIsGoneWithItsEntriesAfterTheCommit() {
        let ledger = UsageLedger(order: .value, seed: 1)
        let (one, other) = (ContentIdentifier(1), ContentIdentifier(2))
        for content in [one, other] { ledger.track(content, hasLimit: true) }
        for entry in 1...100 {
            ledger.add(
                EntryUsage(
                    entry: UInt64(entry), content: entry % 4 == 0 ? one : other, bytes: 10, costNanodollars: 1,
                    expiresAtMilliseconds: .max),
                fingerprint: 0)
        }
        ledger.commit()
        ledger.discard(other)
        ledger.rollBack()
        #expect(ledger.totals.entryCount == 100)
        ledger.discard(other)
        ledger.commit()
        #expect(ledger.totals.entryCount == 25 && ledger.totals.byteCount == 250)
        #expect(!ledger.tracks(other) && ledger.tracks(one))
        #expect(ledger.victim(in: nil, .entries, now: Self.never)?.usage.content == one)
        #expect(ledger.checkInvariants())
    }

    @Test func entriesThatAreLoadedStandInTheOrderOfTheirNumbers() {
        let ledger = UsageLedger(order: .recency, seed: 1)
        let (one, other) = (ContentIdentifier(1), ContentIdentifier(2))
        for content in [one, other] { ledger.track(content, hasLimit: true) }
        for (content, entries) in [(one, [2, 5, 9]), (other, [1, 6])] {
            for entry in entries {
                ledger.load(
                    EntryUsage(
                        entry: UInt64(entry), content: content, bytes: 10, costNanodollars: 1,
                        expiresAtMilliseconds: .max))
            }
        }
        ledger.finishLoading()
        #expect(ledger.checkInvariants())
        var order: [UInt64] = []
        while let victim = ledger.victim(in: nil, .entries, now: Self.never) {
            order.append(victim.usage.entry)
            ledger.remove(EntryIdentifier(victim.usage.entry))
        }
        #expect(order == [1, 2, 5, 6, 9])
    }
}

extension UsageLedger {
    /// The entry that goes next.
    fileprivate func victim(in content: ContentIdentifier?, _ unit: EvictionUnit, now: Timestamp) -> Victim? {
        victims(in: content, unit, room: EvictionRoom(needed: 1, wanted: 1), countLimit: 1, now: now).first
    }
}
