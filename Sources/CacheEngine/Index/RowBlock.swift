internal import CacheModel
internal import CacheStorage

/// What a search must know of a row besides its vector.
package struct RowMetadata: Sendable {
    package var entry: UInt64
    package var createdAt: Int64
    package var expiresAt: Int64
    /// `fillG` of the entry.
    package var fillSequence: UInt64
    /// The scope's number in its namespace's index.
    package var scope: UInt32
    /// Whether the entry's record must be read to know if it is servable.
    package var hasDependencies: Bool
    package var hasTags: Bool

    package init(
        entry: UInt64, createdAt: Int64, expiresAt: Int64, fillSequence: UInt64, scope: UInt32, hasDependencies: Bool,
        hasTags: Bool
    ) {
        self.entry = entry
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.fillSequence = fillSequence
        self.scope = scope
        self.hasDependencies = hasDependencies
        self.hasTags = hasTags
    }
}

/// The metadata of the rows of one block, at most as many as the block holds.
///
/// `@unchecked Sendable`: the writer writes each slot once, before it publishes a view whose row count includes the slot; readers
/// only look at slots below their view's row count.
package final class RowMetadataStorage: @unchecked Sendable {
    private let base: UnsafeMutablePointer<RowMetadata>
    package let capacity: Int

    package init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
        base.initialize(
            repeating: RowMetadata(
                entry: 0, createdAt: 0, expiresAt: 0, fillSequence: 0, scope: 0, hasDependencies: false, hasTags: false),
            count: capacity)
    }

    deinit { base.deallocate() }

    package subscript(slot: Int) -> RowMetadata {
        get {
            precondition(slot >= 0 && slot < capacity)
            return base[slot]
        }
        set {
            precondition(slot >= 0 && slot < capacity)
            base[slot] = newValue
        }
    }
}

/// A block of rows as one view of the store sees it. A value: the views that share its metadata differ in count and live rows.
///
/// `@unchecked Sendable`: `rows` points into the memory map, which nobody writes and which the snapshot keeps alive.
package struct RowBlock: @unchecked Sendable {
    /// The first row, in the map. Nil only while the group that wrote the block is not committed.
    package var rows: UnsafePointer<Float>?
    package private(set) var count: Int
    package private(set) var liveCount: Int
    /// A bit per row, least significant first.
    private var live: [UInt64]
    package let metadata: RowMetadataStorage

    package init(rowsPerBlock: Int) {
        rows = nil
        count = 0
        liveCount = 0
        live = [UInt64](repeating: 0, count: (rowsPerBlock + 63) / 64)
        metadata = RowMetadataStorage(capacity: rowsPerBlock)
    }

    package var isFull: Bool { count == metadata.capacity }

    /// Whether so few rows live that they are worth moving.
    var isSparse: Bool { liveCount * 2 < metadata.capacity }

    package func isLive(_ slot: Int) -> Bool { live[slot >> 6] & (1 << UInt64(slot & 63)) != 0 }

    /// The slots that live, in ascending order.
    package func forEachLiveSlot(_ visit: (Int) -> Void) {
        for (index, word) in live.enumerated() {
            var rest = word
            while rest != 0 {
                visit(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }

    /// Makes a slot live. Slots come in ascending order when rows are appended, in any order when a store is loaded.
    package mutating func set(_ row: RowMetadata, slot: Int) {
        metadata[slot] = row
        if !isLive(slot) { liveCount += 1 }
        live[slot >> 6] |= 1 << UInt64(slot & 63)
        count = max(count, slot + 1)
    }

    package mutating func kill(_ slot: Int) {
        guard isLive(slot) else { return }
        live[slot >> 6] &= ~(1 << UInt64(slot & 63))
        liveCount -= 1
    }

    /// The entries whose rows were written here, in the order of their slots, those that are gone among them.
    func entries(_ layout: BlockLayout) -> [EntryIdentifier] {
        (0..<metadata.capacity).compactMap { slot in
            // A start knows only what lives; the block itself knows the others.
            let known = slot < count ? metadata[slot].entry : 0
            let entry = known != 0 ? EntryIdentifier(known) : rows.map { layout.entry(slot, rows: $0) }
            return entry.flatMap { $0.number == 0 ? nil : $0 }
        }
    }
}
