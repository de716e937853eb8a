internal import CacheModel
internal import CacheStorage

/// Collects the entries of a namespace as the store lists them, and makes the index of them at once: adding a million one by
/// one would look for the scope of each in a tree, and for its place among the rows.
struct NamespaceIndexLoading {
    private(set) var index: NamespaceIndex
    /// By scope: its number.
    private var numbers: [Scope: UInt32] = [:]
    /// By number.
    private var scopes: [Scope] = []
    private var entryCounts: [Int] = []
    private var rows: [(number: UInt32, row: UInt32)] = []
    private var last: (scope: Scope, number: UInt32)?
    private var damagedBlocks = Set<UInt32>()

    init(_ index: NamespaceIndex) { self.index = index }

    mutating func addBlock(_ number: UInt32, _ layout: BlockLayout, rows: UnsafePointer<Float>) {
        index.loadBlock(number, layout, rows: rows)
    }

    /// A block that could not be read: the entries that lie in it are not served.
    mutating func addDamagedBlock(_ number: UInt32) { damagedBlocks.insert(number) }

    /// - Returns: false when the entry names a row that no block has, or that another entry has.
    mutating func add(_ entry: EntryIdentifier, _ summary: EntrySummary) -> Bool {
        guard let row = summary.row else {
            entryCounts[Int(number(of: summary.scope))] += 1
            return true
        }
        guard let layout = index.layout else { return false }
        let block = row / UInt32(layout.rowsPerBlock)
        let slot = Int(row) % layout.rowsPerBlock
        guard index[block]?.isLive(slot) == false else { return false }
        let number = number(of: summary.scope)
        let metadata = RowMetadata(
            entry: entry.number, createdAt: summary.createdAt.milliseconds,
            expiresAt: summary.expiresAt.milliseconds, fillSequence: summary.fillSequence, scope: number,
            hasDependencies: summary.hasDependencies, hasTags: summary.hasTags)
        index.loadRow(metadata, slot: slot, block: block)
        entryCounts[Int(number)] += 1
        rows.append((number, row))
        return true
    }

    private mutating func number(of scope: Scope) -> UInt32 {
        // Neighbors in the store often belong together.
        if let last, last.scope == scope { return last.number }
        let number: UInt32
        if let known = numbers[scope] {
            number = known
        } else {
            number = UInt32(scopes.count)
            numbers[scope] = number
            scopes.append(scope)
            entryCounts.append(0)
        }
        last = (scope, number)
        return number
    }

    /// - Returns: the index, and the blocks that could not be read.
    mutating func finish() -> (index: NamespaceIndex, damagedBlocks: Set<UInt32>) {
        // Sorted by scope, each scope's rows in the order in which they came.
        var starts = [Int](repeating: 0, count: scopes.count + 1)
        for (number, _) in rows { starts[Int(number) + 1] += 1 }
        for number in scopes.indices { starts[number + 1] += starts[number] }
        var sorted = [UInt32](repeating: 0, count: rows.count)
        var next = starts
        for (number, row) in rows {
            sorted[next[Int(number)]] = row
            next[Int(number)] += 1
        }
        for (number, scope) in scopes.enumerated() {
            let range = starts[number]..<starts[number + 1]
            if zip(sorted[range], sorted[range].dropFirst()).contains(where: { $0 > $1 }) { sorted[range].sort() }
            index.loadScope(
                scope, number: UInt32(number), rows: RowSet(ascending: sorted[range]), entryCount: entryCounts[number])
        }
        index.finishLoading(damaged: damagedBlocks)
        return (index, damagedBlocks)
    }
}
