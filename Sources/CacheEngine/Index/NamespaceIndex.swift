package import CacheModel
package import CacheStorage
package import HashTreeCollections

/// The rows of one namespace's content: where they lie, which live, and which belong to a scope. A persistent value, so that every
/// view of the store has its own and a search never sees half a change.
package struct NamespaceIndex: Sendable {
    package struct ScopeRows: Sendable {
        /// What `RowMetadata.scope` says.
        package var number: UInt32
        package var rows = RowSet()
        /// Entries, those without a vector included.
        package var entryCount = 0

        package init(number: UInt32) { self.number = number }
    }

    /// Nil until the first vector.
    package private(set) var layout: BlockLayout?
    package private(set) var scopes: TreeDictionary<Scope, ScopeRows> = [:]
    package private(set) var entryCount = 0
    package private(set) var rowCount = 0
    /// Numbers that no live row has any more. A number is only taken again by rows of later views.
    private var freeScopes: [UInt32] = []
    private var nextScope: UInt32 = 0

    /// Two levels, so that a change copies a chunk and not the directory.
    private var chunks: [[RowBlock?]] = []
    private static let chunkSize = 64
    private var freeBlocks: [UInt32] = []
    private var nextBlock: UInt32 = 0
    private var blockCount = 0
    /// The block that rows are appended to.
    package private(set) var openBlock: UInt32?
    /// The block that rows are moved to. What has been kept once is likely to be kept longer than what comes next, and beside rows
    /// that go it would soon have to move again.
    package private(set) var openBlockOfMoved: UInt32?

    package internal(set) var recentKeys = RecentKeys()

    /// What searches go through; nil while there are too few rows, or none has been built yet.
    package internal(set) var current: IndexGeneration?
    /// Being built in the background.
    package internal(set) var next: IndexGeneration?
    package internal(set) var lastGeneration: UInt32 = 0

    package init(dimension: Int?) { layout = dimension.map(BlockLayout.init(dimension:)) }

    package mutating func setDimension(_ dimension: Int) {
        if layout == nil { layout = BlockLayout(dimension: dimension) }
    }

    // MARK: Blocks

    package subscript(block: UInt32) -> RowBlock? {
        get {
            let chunk = Int(block) / Self.chunkSize
            return chunk < chunks.count ? chunks[chunk][Int(block) % Self.chunkSize] : nil
        }
        set {
            let chunk = Int(block) / Self.chunkSize
            while chunks.count <= chunk { chunks.append([RowBlock?](repeating: nil, count: Self.chunkSize)) }
            chunks[chunk][Int(block) % Self.chunkSize] = newValue
        }
    }

    /// Points a block at its place in the map.
    package mutating func place(_ block: UInt32, at rows: UnsafePointer<Float>) {
        chunks[Int(block) / Self.chunkSize][Int(block) % Self.chunkSize]?.rows = rows
    }

    package func forEachBlock(_ visit: (UInt32, RowBlock) -> Void) {
        for (index, chunk) in chunks.enumerated() {
            for (offset, block) in chunk.enumerated() {
                if let block { visit(UInt32(index * Self.chunkSize + offset), block) }
            }
        }
    }

    /// Rows of blocks that nothing is appended to, the entries of which are gone.
    var deadRowCount: Int {
        guard let layout else { return 0 }
        var count = blockCount * layout.rowsPerBlock - rowCount
        for block in [openBlock, openBlockOfMoved] {
            if let block = block.flatMap({ self[$0] }) { count -= layout.rowsPerBlock - block.liveCount }
        }
        return max(0, count)
    }

    package func isOpen(_ block: UInt32) -> Bool { block == openBlock || block == openBlockOfMoved }

    package func openBlock(ofMoved isMoved: Bool) -> UInt32? { isMoved ? openBlockOfMoved : openBlock }

    /// The block and the slot of the next row; a new block when the open one is full.
    ///
    /// - Parameter isMoved: whether the row comes from another block.
    package mutating func allocateRow(
        _ layout: BlockLayout, isMoved: Bool = false
    ) throws(CacheError) -> (block: UInt32, slot: Int) {
        if let open = openBlock(ofMoved: isMoved), let block = self[open], !block.isFull { return (open, block.count) }
        let number: UInt32
        if let free = freeBlocks.popLast() {
            number = free
        } else {
            number = nextBlock
            guard Int(number) < Limits.rowsPerNamespace / layout.rowsPerBlock else {
                throw CacheError(
                    .limitExceeded, "the namespace has no row numbers left",
                    detail: ["limit": String(Limits.rowsPerNamespace)])
            }
            nextBlock += 1
        }
        self[number] = RowBlock(rowsPerBlock: layout.rowsPerBlock)
        blockCount += 1
        if isMoved { openBlockOfMoved = number } else { openBlock = number }
        return (number, 0)
    }

    package mutating func removeBlock(_ number: UInt32) {
        if self[number] != nil { blockCount -= 1 }
        self[number] = nil
        freeBlocks.append(number)
        if openBlock == number { openBlock = nil }
        if openBlockOfMoved == number { openBlockOfMoved = nil }
    }

    // MARK: Entries

    /// Counts an entry, with or without a vector, under its scope, and returns the scope's number.
    package mutating func addEntry(_ scope: Scope) -> UInt32 {
        entryCount += 1
        if var known = scopes[scope] {
            known.entryCount += 1
            scopes[scope] = known
            return known.number
        }
        var added = ScopeRows(number: freeScopes.popLast() ?? nextScope)
        if added.number == nextScope { nextScope += 1 }
        added.entryCount = 1
        scopes[scope] = added
        return added.number
    }

    package mutating func addRow(_ metadata: RowMetadata, scope: Scope, row: UInt32, slot: Int, block: UInt32) {
        chunks[Int(block) / Self.chunkSize][Int(block) % Self.chunkSize]?.set(metadata, slot: slot)
        scopes[scope]?.rows.insert(row)
        rowCount += 1
    }

    /// - Returns: the block when its last row died with this one and nothing will be appended to it.
    package mutating func removeRow(_ row: UInt32, scope: Scope) -> UInt32? {
        guard let layout else { return nil }
        let number = row / UInt32(layout.rowsPerBlock)
        guard self[number]?.isLive(Int(row) % layout.rowsPerBlock) == true else { return nil }
        chunks[Int(number) / Self.chunkSize][Int(number) % Self.chunkSize]?.kill(Int(row) % layout.rowsPerBlock)
        scopes[scope]?.rows.remove(row)
        rowCount -= 1
        return self[number]?.liveCount == 0 && number != openBlock ? number : nil
    }

    /// Whether the entry is counted here: an entry without a row always is, one with a row when that row is its own.
    package func holds(_ entry: EntryIdentifier, row: UInt32?) -> Bool {
        guard let row else { return true }
        guard let layout, let block = self[row / UInt32(layout.rowsPerBlock)] else { return false }
        let slot = Int(row) % layout.rowsPerBlock
        return block.isLive(slot) && block.metadata[slot].entry == entry.number
    }

    /// The scope that has this number; looks through all of them.
    package func scope(number: UInt32) -> Scope? { scopes.first { $0.value.number == number }?.key }

    package mutating func removeEntry(_ scope: Scope) {
        guard var known = scopes[scope] else { return }
        entryCount -= 1
        known.entryCount -= 1
        scopes[scope] = known.entryCount == 0 ? nil : known
        if known.entryCount == 0 { freeScopes.append(known.number) }
    }

    // MARK: Loading

    /// Makes room for a block found in the store. Rows are loaded then, in any order.
    package mutating func loadBlock(_ number: UInt32, _ layout: BlockLayout, rows: UnsafePointer<Float>) {
        self[number] = RowBlock(rowsPerBlock: layout.rowsPerBlock)
        blockCount += 1
        place(number, at: rows)
        nextBlock = max(nextBlock, number + 1)
    }

    mutating func loadRow(_ metadata: RowMetadata, slot: Int, block: UInt32) {
        chunks[Int(block) / Self.chunkSize][Int(block) % Self.chunkSize]?.set(metadata, slot: slot)
    }

    /// Scopes are loaded after their rows, in the order of their numbers.
    mutating func loadScope(_ scope: Scope, number: UInt32, rows: RowSet, entryCount: Int) {
        var loaded = ScopeRows(number: number)
        loaded.rows = rows
        loaded.entryCount = entryCount
        scopes[scope] = loaded
        nextScope = max(nextScope, number + 1)
        rowCount += rows.count
        self.entryCount += entryCount
    }

    /// Ends loading: finds the block to append to, and forgets the blocks without a live row: their numbers are used again.
    ///
    /// - Parameter damaged: blocks that could not be read. Their numbers are not used again before the entries that lie in
    ///   them are gone, or those would claim the rows of others.
    package mutating func finishLoading(damaged: Set<UInt32> = []) {
        var empty: [UInt32] = []
        var used = damaged
        nextBlock = max(nextBlock, (damaged.max() ?? 0) + (damaged.isEmpty ? 0 : 1))
        forEachBlock { number, block in
            used.insert(number)
            if block.liveCount == 0 { empty.append(number) } else if !block.isFull { openBlock = number }
        }
        freeBlocks = (0..<nextBlock).filter { !used.contains($0) }.reversed()
        for number in empty { removeBlock(number) }
    }

    // MARK: Invariants

    /// One line each, checked by tests after every change: what is counted is what is there.
    package func checkInvariants() -> Bool {
        var live = 0
        var blocks = 0
        forEachBlock { _, block in
            live += block.liveCount
            blocks += 1
        }
        let listed = scopes.reduce(0) { $0 + $1.value.rows.count }
        let counted = scopes.reduce(0) { $0 + $1.value.entryCount }
        let numbers = Set(scopes.map(\.value.number))
        return live == rowCount && blocks == blockCount && listed == rowCount && counted == entryCount && numbers.count == scopes.count
            && scopes.allSatisfy { $0.value.rows.checkInvariants() && $0.value.rows.count <= $0.value.entryCount }
            && [openBlock, openBlockOfMoved].allSatisfy { $0.map { self[$0] != nil } ?? true }
    }
}
