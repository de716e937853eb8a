import CacheEngine
import Testing

@Suite struct RowSetTests {
    private static func rows(_ set: RowSet) -> [UInt32] {
        var rows: [UInt32] = []
        set.forEach { rows.append($0) }
        return rows
    }

    /// Few numbers for many collisions, many numbers for many chunks, all numbers for their extremes.
    @Test(arguments: [(50, 1), (6_000, 2), (UInt32.max, 3)] as [(UInt32, UInt64)])
    func aRowSetIsTheSetThatItShouldBe(range: UInt32, seed: UInt64) {
        var random = HistoryRandom(seed: seed)
        var set = RowSet()
        var model = Set<UInt32>()
        for step in 0..<12_000 {
            let row = UInt32.random(in: 0..<range, using: &random)
            // Grows, shrinks, grows again.
            if random.chance(step / 4_000 == 1 ? 0.3 : 0.7) {
                let isNew = set.insert(row)
                #expect(isNew == model.insert(row).inserted)
            } else {
                let wasThere = set.remove(row)
                #expect(wasThere == (model.remove(row) != nil))
            }
            #expect(set.contains(row) == model.contains(row))
            if step % 500 == 0 { #expect(set.checkInvariants()) }
        }
        #expect(set.count == model.count && set.isEmpty == model.isEmpty)
        #expect(Self.rows(set) == model.sorted())
        for row in model.shuffled(using: &random) { set.remove(row) }
        #expect(set.isEmpty && set.checkInvariants() && Self.rows(set).isEmpty)
    }

    @Test func appendedRowsFillTheirChunksAndLateOnesSplitThem() {
        var set = RowSet()
        for row in stride(from: 0 as UInt32, to: 10_000, by: 2) { set.insert(row) }
        for row in stride(from: 9_999 as UInt32, to: 0, by: -2) { set.insert(row) }
        #expect(set.checkInvariants())
        #expect(Self.rows(set) == Array(0..<10_000))
        let isNew = set.insert(5_000)
        #expect(!isNew && set.count == 10_000)
    }

    @Test func aCopyDoesNotSeeWhatHappensToTheOriginal() {
        var set = RowSet()
        for row in 0..<3_000 as Range<UInt32> { set.insert(row) }
        let copy = set
        for row in 0..<3_000 as Range<UInt32> where row % 3 != 0 { set.remove(row) }
        set.insert(7_000)
        #expect(Self.rows(copy) == Array(0..<3_000))
        #expect(copy.checkInvariants() && set.checkInvariants() && set.count == 1_001)
    }

    @Test func anEmptySetHoldsNothing() {
        var set = RowSet()
        let wasThere = set.remove(0)
        #expect(!wasThere && !set.contains(0) && set.isEmpty && set.checkInvariants())
    }
}
