package import CacheEngine
internal import CacheModel
internal import CacheStorage

/// A cache of a number of bytes that is asked for items and stores what it does not have.
package protocol SimulatedCache {
    /// - Returns: whether the item was there.
    mutating func request(_ number: Int, _ item: EvictionTrace.Item) -> Bool
}

extension SimulatedCache {
    /// - Returns: what the hits have saved, in nano-dollars.
    package mutating func saved(on trace: EvictionTrace) -> UInt64 {
        var saved: UInt64 = 0
        for number in trace.requests where request(number, trace.items[number]) {
            saved += trace.items[number].costNanodollars
        }
        return saved
    }
}

/// The service's own ledger, without a store.
package struct LedgerCache: SimulatedCache {
    private let limitBytes: Int
    private let ledger: UsageLedger
    private var entries: [Int: UInt64] = [:]
    private var numbers: [UInt64: Int] = [:]
    private var next: UInt64 = 1
    private static let content = ContentIdentifier(1)

    package init(limitBytes: Int, order: EvictionOrder = .value, seed: UInt64) {
        self.limitBytes = limitBytes
        ledger = UsageLedger(order: order, seed: seed)
        ledger.track(Self.content, hasLimit: false)
    }

    package mutating func request(_ number: Int, _ item: EvictionTrace.Item) -> Bool {
        if let entry = entries[number] {
            ledger.hit(EntryIdentifier(entry))
            return true
        }
        let room = EvictionRoom(
            held: ledger.totals.byteCount, adding: item.bytes, limit: limitBytes,
            perEntry: ledger.totals.byteCount / max(1, ledger.totals.entryCount))
        let victims = room.map {
            ledger.victims(in: nil, .bytes, room: $0, countLimit: .max, now: Timestamp(milliseconds: 0))
        }
        for victim in victims ?? [] {
            let evicted = numbers.removeValue(forKey: victim.usage.entry)!
            entries[evicted] = nil
            ledger.remove(EntryIdentifier(victim.usage.entry), fingerprint: UInt64(evicted) &* 0x9E37_79B9_7F4A_7C15)
        }
        let usage = EntryUsage(
            entry: next, content: Self.content, bytes: item.bytes, costNanodollars: item.costNanodollars,
            expiresAtMilliseconds: .max)
        ledger.add(usage, fingerprint: UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        ledger.commit()
        entries[number] = next
        numbers[next] = number
        next += 1
        return false
    }
}

/// The least recently used goes first.
package struct LeastRecentlyUsed: SimulatedCache {
    private let limitBytes: Int
    private var bytes = 0
    private var clock = 0
    private var lastAccess: [Int: (clock: Int, bytes: Int)] = [:]
    /// Accesses in their order; one that is not the item's last is void.
    private var order: [(number: Int, clock: Int)] = []
    private var head = 0

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    package mutating func request(_ number: Int, _ item: EvictionTrace.Item) -> Bool {
        clock += 1
        let isHit = lastAccess[number] != nil
        lastAccess[number] = (clock, item.bytes)
        order.append((number, clock))
        if !isHit { bytes += item.bytes }
        while bytes > limitBytes {
            let oldest = order[head]
            head += 1
            guard let last = lastAccess[oldest.number], last.clock == oldest.clock else { continue }
            lastAccess[oldest.number] = nil
            bytes -= last.bytes
        }
        return isHit
    }
}

/// Greedy-Dual-Size-Frequency (Cherkasova 1998): priority = clock + frequency × cost ÷ size; the clock is the priority of what
/// went last. Exact, by a heap.
package struct GreedyDualSizeFrequency: SimulatedCache {
    private struct Place {
        var priority: Double
        var frequency: Double
        var bytes: Int
    }

    private let limitBytes: Int
    private var bytes = 0
    private var clock = 0.0
    private var places: [Int: Place] = [:]
    private var heap: [(priority: Double, number: Int)] = []

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    package mutating func request(_ number: Int, _ item: EvictionTrace.Item) -> Bool {
        let worth = Double(item.costNanodollars) / Double(item.bytes)
        if var place = places[number] {
            place.frequency += 1
            place.priority = clock + place.frequency * worth
            places[number] = place
            push(place.priority, number)
            return true
        }
        while bytes + item.bytes > limitBytes, let least = pop() {
            guard let place = places[least.number], place.priority == least.priority else { continue }
            clock = place.priority
            places[least.number] = nil
            bytes -= place.bytes
        }
        let place = Place(priority: clock + worth, frequency: 1, bytes: item.bytes)
        places[number] = place
        bytes += item.bytes
        push(place.priority, number)
        return false
    }

    private mutating func push(_ priority: Double, _ number: Int) {
        heap.append((priority, number))
        var index = heap.count - 1
        while index > 0, heap[(index - 1) / 2].priority > heap[index].priority {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func pop() -> (priority: Double, number: Int)? {
        guard let least = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return least }
        heap[0] = last
        var index = 0
        while true {
            var lowest = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child].priority < heap[lowest].priority { lowest = child }
            if lowest == index { return least }
            heap.swapAt(index, lowest)
            index = lowest
        }
    }
}

/// S3-FIFO (Yang et al. 2023): a small queue of a tenth, a main queue, and the names of what left the small one.
package struct S3FIFO: SimulatedCache {
    private struct Queue {
        var items: [Int] = []
        var head = 0
        var bytes = 0

        var first: Int? { head < items.count ? items[head] : nil }

        mutating func append(_ number: Int, _ bytes: Int) {
            items.append(number)
            self.bytes += bytes
        }

        mutating func removeFirst(_ bytes: Int) {
            head += 1
            self.bytes -= bytes
        }
    }

    private let limitBytes: Int
    private var small = Queue()
    private var main = Queue()
    private var frequency: [Int: Int] = [:]
    private var sizes: [Int: Int] = [:]
    private var ghosts = Queue()
    private var ghostNumbers: [Int: Int] = [:]

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    package mutating func request(_ number: Int, _ item: EvictionTrace.Item) -> Bool {
        if let count = frequency[number] {
            frequency[number] = min(count + 1, 3)
            return true
        }
        while small.bytes + main.bytes + item.bytes > limitBytes {
            if small.bytes >= limitBytes / 10 || main.first == nil { evictFromSmall() } else { evictFromMain() }
        }
        sizes[number] = item.bytes
        frequency[number] = 0
        if ghostNumbers[number] != nil { main.append(number, item.bytes) } else { small.append(number, item.bytes) }
        return false
    }

    private mutating func evictFromSmall() {
        while let number = small.first {
            let bytes = sizes[number]!
            small.removeFirst(bytes)
            if frequency[number]! > 1 {
                frequency[number] = 0
                main.append(number, bytes)
                continue
            }
            frequency[number] = nil
            ghosts.append(number, bytes)
            ghostNumbers[number, default: 0] += 1
            // As many as the main queue holds.
            while ghosts.bytes > limitBytes * 9 / 10, let oldest = ghosts.first {
                ghosts.removeFirst(sizes[oldest]!)
                let count = ghostNumbers[oldest]! - 1
                ghostNumbers[oldest] = count > 0 ? count : nil
            }
            return
        }
        evictFromMain()
    }

    private mutating func evictFromMain() {
        while let number = main.first {
            let bytes = sizes[number]!
            main.removeFirst(bytes)
            if frequency[number]! > 0 {
                frequency[number]! -= 1
                main.append(number, bytes)
                continue
            }
            frequency[number] = nil
            return
        }
    }
}
