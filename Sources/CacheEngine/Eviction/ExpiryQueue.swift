/// Entries by the time at which they expire, the earliest first: a binary heap. It does not hear of entries that are gone; whoever
/// asks for the first skips them.
struct ExpiryQueue: Sendable {
    struct Item: Sendable {
        var expiresAt: Int64
        var entry: UInt64
    }

    private var items: [Item] = []

    init() {}

    init(_ items: some Sequence<Item>) {
        // A list in order is a heap, too.
        self.items = items.sorted { $0.expiresAt < $1.expiresAt }
    }

    var count: Int { items.count }
    var first: Item? { items.first }

    /// Entries that never expire are left out.
    mutating func insert(_ usage: EntryUsage) {
        guard usage.expiresAt != .max else { return }
        items.append(Item(expiresAt: usage.expiresAt, entry: usage.entry))
        var index = items.count - 1
        while index > 0, items[(index - 1) / 2].expiresAt > items[index].expiresAt {
            items.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = items.popLast(), !items.isEmpty else { return }
        items[0] = last
        var index = 0
        while true {
            var earliest = index
            for child in [2 * index + 1, 2 * index + 2] where child < items.count {
                if items[child].expiresAt < items[earliest].expiresAt { earliest = child }
            }
            if earliest == index { return }
            items.swapAt(index, earliest)
            index = earliest
        }
    }
}
