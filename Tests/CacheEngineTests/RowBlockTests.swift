import CacheEngine
import Testing

@Suite struct RowBlockTests {
    private static func metadata(_ entry: UInt64) -> RowMetadata {
        RowMetadata(
            entry: entry, createdAt: 1, expiresAt: 2, fillSequence: 3, scope: 4, hasDependencies: false, hasTags: true)
    }

    @Test(arguments: [3, 42, 64, 65, 818])
    func aBlockCountsItsRowsAndItsLiveOnes(capacity: Int) {
        var random = HistoryRandom(seed: UInt64(capacity))
        var block = RowBlock(rowsPerBlock: capacity)
        var live = Set<Int>()
        for slot in 0..<capacity {
            #expect(!block.isFull && !block.isLive(slot) && block.count == slot)
            block.set(Self.metadata(UInt64(slot) + 10), slot: slot)
            live.insert(slot)
            if random.chance(0.5), let dead = live.randomElement(using: &random) {
                block.kill(dead)
                block.kill(dead)
                live.remove(dead)
            }
            #expect(block.liveCount == live.count)
        }
        #expect(block.isFull)
        for slot in 0..<capacity {
            #expect(block.isLive(slot) == live.contains(slot))
            #expect(block.metadata[slot].entry == UInt64(slot) + 10)
        }
    }

    @Test func rowsOfALoadedBlockComeInAnyOrder() {
        var random = HistoryRandom(seed: 1)
        var block = RowBlock(rowsPerBlock: 42)
        let slots = (0..<42).filter { $0 % 3 != 0 }.shuffled(using: &random)
        for slot in slots { block.set(Self.metadata(UInt64(slot)), slot: slot) }
        #expect(block.liveCount == slots.count && block.count == 42)
        for slot in 0..<42 { #expect(block.isLive(slot) == (slot % 3 != 0)) }
    }

    @Test func aCopyKeepsTheRowsThatDieLater() {
        var block = RowBlock(rowsPerBlock: 10)
        for slot in 0..<5 { block.set(Self.metadata(UInt64(slot)), slot: slot) }
        let before = block
        block.kill(2)
        block.set(Self.metadata(5), slot: 5)
        #expect(before.isLive(2) && !block.isLive(2))
        #expect(before.count == 5 && before.liveCount == 5 && !before.isLive(5))
        #expect(block.count == 6 && block.liveCount == 5)
    }
}
