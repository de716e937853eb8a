package import CacheModel
package import CacheStorage

/// An entry that makes room.
package struct Victim: Sendable {
    package var usage: EntryUsage
    package var isExpired: Bool
}

/// Who goes next.
extension UsageLedger {
    /// Entries that are compared for each one that goes.
    private static let comparedPerVictim = 32
    /// Entries beside each other that are drawn together: they lie beside each other in memory and in the store.
    private static let windowCount = 32

    /// Entries to go, in the order of their numbers: first those that have expired, then those that stand lowest in the order. Of
    /// few entries all are compared, of many a random sample. Never one that the transaction has added.
    ///
    /// - Parameters:
    ///   - content: Whose entries they must be; nil for any.
    ///   - room: The entries or bytes that should become free. What holds goes only if those that have expired leave less free than
    ///     is needed now.
    ///   - countLimit: How many may go at most, at least 1.
    /// - Returns: less than the room asks for only if there are no more, or not more may go.
    package func victims(
        in content: ContentIdentifier?, _ unit: EvictionUnit, room: EvictionRoom, countLimit: Int, now: Timestamp
    ) -> [Victim] {
        takeBackExpiries()
        var found = 0
        var chosen = Set<Int>()
        while found < room.wanted, chosen.count < countLimit, let position = nextExpired(in: content, now: now) {
            // A queue may have an entry twice after a transaction was taken back.
            if chosen.insert(position).inserted { found += usages[position].room(unit) }
        }
        var victims = chosen.map { Victim(usage: usages[$0], isExpired: true) }
        if found < room.needed, chosen.count < countLimit {
            let lowest = lowest(
                in: content, unit, room: room.wanted - found, countLimit: countLimit - chosen.count,
                except: chosen)
            victims += lowest.map { Victim(usage: usages[$0], isExpired: false) }
        }
        return victims.sorted { $0.usage.entry < $1.usage.entry }
    }

    private func lowest(
        in content: ContentIdentifier?, _ unit: EvictionUnit, room: Int, countLimit: Int, except chosen: Set<Int>
    ) -> [Int] {
        let positions = content.flatMap { groups[$0]?.positions }
        let totals = content.map { self.totals(of: $0) } ?? self.totals
        let count = positions?.count ?? committedCount
        let halfLife = halfLife
        var selection = VictimSelection(wantedRoom: room, countLimit: countLimit)
        var seen = 0
        func look(_ index: Int) {
            let position = positions.map { Int($0[index]) } ?? index
            guard position < committedCount else { return }
            let usage = usages[position]
            guard usage.bytes > 0, content == nil || usage.content == content, !chosen.contains(position) else {
                return
            }
            seen += 1
            selection.offer(
                position, rank: usage.rank(order, unit, at: clock, halfLife: halfLife), room: usage.room(unit))
        }
        let perEntry = unit == .bytes ? max(1, totals.byteCount / max(1, totals.entryCount)) : 1
        let wanted = Self.comparedPerVictim * min(countLimit, room / perEntry + 1)
        if 2 * wanted < count {
            let windows = (count + Self.windowCount - 1) / Self.windowCount
            var drawn = Set<Int>()
            // Some windows may be of entries that are gone.
            while seen < wanted, drawn.count < windows / 2 {
                let window = nextIndex(below: windows)
                guard drawn.insert(window).inserted else { continue }
                for index in window * Self.windowCount..<min(count, (window + 1) * Self.windowCount) { look(index) }
            }
            if seen >= wanted { return selection.positions }
            selection = VictimSelection(wantedRoom: room, countLimit: countLimit)
        }
        for index in 0..<count { look(index) }
        return selection.positions
    }

    /// Takes the committed entry that has expired first out of its queue, if any has, and what is gone on the way.
    private func nextExpired(in content: ContentIdentifier?, now: Timestamp) -> Int? {
        while let first = content == nil ? expiries.first : content.flatMap({ groups[$0]?.expiries.first }),
            first.expiresAt <= now.milliseconds
        {
            let position = position(of: first.entry).flatMap { usages[$0].expiresAt == first.expiresAt ? $0 : nil }
            if let position, position >= committedCount { return nil }
            if let content { groups[content]?.expiries.removeFirst() } else { expiries.removeFirst() }
            guard let position else { continue }
            chosenExpiries.append(usages[position])
            return position
        }
        return nil
    }

    /// SplitMix64 (Steele, Lea and Flood 2014), scaled to the range.
    private func nextIndex(below count: Int) -> Int {
        random &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (random ^ (random >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Int(truncatingIfNeeded: mixed.multipliedFullWidth(by: UInt64(count)).high)
    }
}

extension EntryUsage {
    /// What becomes free when the entry goes.
    fileprivate func room(_ unit: EvictionUnit) -> Int { unit == .bytes ? Int(bytes) : 1 }
}
