package import CacheModel
package import CacheStorage

/// Which entries there are, how often they are asked for and what they are worth: what eviction decides by.
///
/// It follows the writer's transactions: what was added or removed since the last `commit` is taken back by `rollBack`. It is kept
/// in memory only; after a start all entries count as asked for once, in the order in which they were inserted.
///
/// Invariant: `usages` ascends by entry, and positions in it stay what they are between two calls of `tidy`; an entry that is gone
/// has 0 bytes there. Positions from `committedCount` on are not committed. Used by the writer thread only.
package final class UsageLedger {
    /// Entries of one content.
    struct Group {
        var totals = UsageTotals()
        /// Where they are in `usages`, ascending, with those that are gone; nil for a content without a limit of its own.
        var positions: [UInt32]?
        /// Of a content with a limit of its own.
        var expiries = ExpiryQueue()
    }

    package let order: EvictionOrder
    package private(set) var totals = UsageTotals()
    var usages: [EntryUsage] = []
    var groups: [ContentIdentifier: Group] = [:]
    var expiries = ExpiryQueue()
    private var remembered = RememberedFrequencies()
    /// Inserts and hits so far.
    var clock: UInt64 = 0
    var random: UInt64

    var committedCount = 0
    private var removed: [(position: Int, usage: EntryUsage)] = []
    /// Those that have left a queue of expiries because they were chosen.
    var chosenExpiries: [EntryUsage] = []
    private var discarded: [ContentIdentifier] = []
    /// Contents that entries were removed from.
    private var thinned = Set<ContentIdentifier>()

    /// A count is worth half after as many inserts and hits as there are entries, times this.
    private static let halfLifeFactor = 32.0

    package init(order: EvictionOrder, seed: UInt64 = .random(in: 0 ... .max)) {
        self.order = order
        random = seed
    }

    var halfLife: Double { Self.halfLifeFactor * Double(max(totals.entryCount, 128)) }

    package func totals(of content: ContentIdentifier) -> UsageTotals { groups[content]?.totals ?? UsageTotals() }

    /// Whether the entries of a content are kept account of.
    package func tracks(_ content: ContentIdentifier) -> Bool { groups[content] != nil }

    // MARK: Changes

    /// Begins to keep account of a content that has no entries.
    ///
    /// - Parameter hasLimit: whether the content has a limit of its own, besides the store's.
    package func track(_ content: ContentIdentifier, hasLimit: Bool) {
        groups[content] = Group(positions: hasLimit ? [] : nil)
    }

    /// Adds an entry whose number is above all others'; one of a content that is not tracked is ignored.
    ///
    /// - Parameter fingerprint: equal for entries that answer the same question.
    package func add(_ usage: EntryUsage, fingerprint: UInt64) {
        guard groups[usage.content] != nil else { return }
        clock += 1
        var usage = usage
        usage.count(
            at: clock, halfLife: halfLife,
            remembered: remembered.frequency(fingerprint, at: clock, halfLife: halfLife))
        append(usage)
    }

    private func append(_ usage: EntryUsage) {
        let position = UInt32(usages.count)
        usages.append(usage)
        totals.add(usage)
        groups[usage.content]?.totals.add(usage)
        groups[usage.content]?.positions?.append(position)
        insertExpiry(usage)
    }

    private func insertExpiry(_ usage: EntryUsage) {
        guard usage.expiresAt != .max else { return }
        expiries.insert(usage)
        if groups[usage.content]?.positions != nil { groups[usage.content]?.expiries.insert(usage) }
    }

    /// Puts what was chosen because it has expired, and is still there, back into its queues.
    func takeBackExpiries() {
        for usage in chosenExpiries where position(of: usage.entry) != nil { insertExpiry(usage) }
        chosenExpiries = []
    }

    /// Takes an entry out; one that is not here is ignored.
    ///
    /// - Parameter fingerprint: what its frequency is remembered under; nil for an entry that will not come back.
    package func remove(_ entry: EntryIdentifier, fingerprint: UInt64? = nil) {
        guard let position = position(of: entry.number) else { return }
        let usage = usages[position]
        if let fingerprint {
            remembered.remember(
                fingerprint, usage, entryCount: totals.entryCount, at: clock, halfLife: halfLife)
        }
        removed.append((position, usage))
        usages[position].bytes = 0
        totals.remove(usage)
        groups[usage.content]?.totals.remove(usage)
        thinned.insert(usage.content)
    }

    /// Takes out all entries of a content, and the content itself, with the next commit.
    package func discard(_ content: ContentIdentifier) { discarded.append(content) }

    /// Counts a hit; one of an entry that is not here any more is ignored.
    package func hit(_ entry: EntryIdentifier) {
        guard let position = position(of: entry.number) else { return }
        clock += 1
        usages[position].count(at: clock, halfLife: halfLife)
    }

    /// The position of an entry that is there.
    func position(of entry: UInt64) -> Int? {
        var low = 0
        var high = usages.count
        while low < high {
            let middle = (low + high) / 2
            if usages[middle].entry < entry { low = middle + 1 } else { high = middle }
        }
        return low < usages.count && usages[low].entry == entry && usages[low].bytes > 0 ? low : nil
    }

    // MARK: Transactions

    package func commit() {
        for content in discarded { removeAll(of: content) }
        discarded = []
        removed = []
        takeBackExpiries()
        committedCount = usages.count
        tidy()
    }

    /// Takes back what was added, removed and discarded since the last commit.
    package func rollBack() {
        discarded = []
        for (position, usage) in removed.reversed() {
            usages[position] = usage
            totals.add(usage)
            groups[usage.content]?.totals.add(usage)
            insertExpiry(usage)
        }
        removed = []
        takeBackExpiries()
        while usages.count > committedCount, let usage = usages.popLast() {
            totals.remove(usage)
            groups[usage.content]?.totals.remove(usage)
            groups[usage.content]?.positions?.removeLast()
        }
    }

    private func removeAll(of content: ContentIdentifier) {
        guard let group = groups.removeValue(forKey: content) else { return }
        totals.entryCount -= group.totals.entryCount
        totals.byteCount -= group.totals.byteCount
        guard group.totals.entryCount > 0 else { return }
        for position in usages.indices where usages[position].content == content { usages[position].bytes = 0 }
    }

    /// Forgets the places of entries that are gone once they are the most.
    private func tidy() {
        defer { thinned = [] }
        if expiries.count > 2 * totals.entryCount + 64 { expiries = queue(usages.indices) }
        for content in thinned {
            guard let group = groups[content], let positions = group.positions,
                group.expiries.count > 2 * group.totals.entryCount + 64
            else { continue }
            groups[content]?.expiries = queue(positions.map(Int.init))
        }
        if usages.count > 2 * totals.entryCount + 64 {
            usages.removeAll { $0.bytes == 0 }
            committedCount = usages.count
            for content in groups.keys where groups[content]?.positions != nil { groups[content]?.positions = [] }
            for (position, usage) in usages.enumerated() {
                groups[usage.content]?.positions?.append(UInt32(position))
            }
            return
        }
        for content in thinned {
            guard let group = groups[content], let positions = group.positions,
                positions.count > 2 * group.totals.entryCount + 64
            else { continue }
            groups[content]?.positions = positions.filter { usages[Int($0)].bytes > 0 }
        }
    }

    private func queue(_ positions: some Sequence<Int>) -> ExpiryQueue {
        ExpiryQueue(
            positions.lazy.map { self.usages[$0] }.filter { $0.bytes > 0 && $0.expiresAt != .max }
                .map { .init(expiresAt: $0.expiresAt, entry: $0.entry) })
    }

    /// Ends loading: entries came content by content.
    package func finishLoading() {
        usages.sort { $0.entry < $1.entry }
        for content in groups.keys where groups[content]?.positions != nil { groups[content]?.positions = [] }
        for position in usages.indices {
            clock += 1
            usages[position].count(at: clock, halfLife: halfLife)
            groups[usages[position].content]?.positions?.append(UInt32(position))
        }
        commit()
    }

    /// Adds an entry of the store that is being opened, in any order.
    package func load(_ usage: EntryUsage) {
        guard groups[usage.content] != nil else { return }
        append(usage)
    }

    // MARK: Invariants

    /// For tests: what is counted is what is there.
    package func checkInvariants() -> Bool {
        var counted: [ContentIdentifier: UsageTotals] = [:]
        for usage in usages where usage.bytes > 0 { counted[usage.content, default: UsageTotals()].add(usage) }
        let ascends = zip(usages, usages.dropFirst()).allSatisfy { $0.entry < $1.entry }
        let listed = groups.allSatisfy { content, group in
            guard let positions = group.positions else { return true }
            let live = positions.filter { usages[Int($0)].bytes > 0 }
            return live.count == group.totals.entryCount && zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 }
                && positions.allSatisfy { usages[Int($0)].content == content }
        }
        return ascends && listed && groups.allSatisfy { counted[$0.key] ?? UsageTotals() == $0.value.totals }
            && counted.values.reduce(0) { $0 + $1.byteCount } == totals.byteCount
            && counted.values.reduce(0) { $0 + $1.entryCount } == totals.entryCount
    }
}

/// How many entries there are, and what they take.
package struct UsageTotals: Hashable, Sendable {
    package var entryCount = 0
    package var byteCount = 0

    package init() {}

    mutating func add(_ usage: EntryUsage) {
        entryCount += 1
        byteCount += Int(usage.bytes)
    }

    mutating func remove(_ usage: EntryUsage) {
        entryCount -= 1
        byteCount -= Int(usage.bytes)
    }
}
