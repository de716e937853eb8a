/// A set of row numbers in ascending order, as a persistent value: a changed copy shares all chunks but one with the original.
///
/// Most scopes are of one user and have a row or two: up to three lie in the value itself, so that a hundred thousand such
/// scopes need no memory of their own.
///
/// Invariant: up to `inlineLimit` numbers are inline, in ascending order, and there are no chunks; above, all are in chunks,
/// which are not empty, hold at most `chunkLimit` numbers, and ascend.
package struct RowSet: Sendable {
    private static let chunkLimit = 1_024
    private static let inlineLimit = 3
    private var chunks: [[UInt32]] = []
    private var inline: (UInt32, UInt32, UInt32) = (0, 0, 0)
    private var storedCount: UInt32 = 0

    package init() {}

    /// - Parameter rows: in ascending order, no two the same.
    package init(ascending rows: ArraySlice<UInt32>) {
        storedCount = UInt32(rows.count)
        guard rows.count > Self.inlineLimit else {
            for (index, row) in rows.enumerated() { self[inline: index] = row }
            return
        }
        chunks = stride(from: rows.startIndex, to: rows.endIndex, by: Self.chunkLimit).map {
            Array(rows[$0..<min($0 + Self.chunkLimit, rows.endIndex)])
        }
    }

    package var count: Int { Int(storedCount) }
    package var isEmpty: Bool { storedCount == 0 }
    private var isInline: Bool { count <= Self.inlineLimit }

    private subscript(inline index: Int) -> UInt32 {
        get { index == 0 ? inline.0 : index == 1 ? inline.1 : inline.2 }
        set {
            switch index {
            case 0: inline.0 = newValue
            case 1: inline.1 = newValue
            default: inline.2 = newValue
            }
        }
    }

    private var inlineRows: [UInt32] { (0..<count).map { self[inline: $0] } }

    /// The last chunk whose first number is not above `row`, or the first chunk.
    private func chunkIndex(for row: UInt32) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle][0] <= row { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }

    /// Where `row` is or belongs in a chunk.
    private static func position(of row: UInt32, in chunk: [UInt32]) -> Int {
        var low = 0
        var high = chunk.count
        while low < high {
            let middle = (low + high) / 2
            if chunk[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    package func contains(_ row: UInt32) -> Bool {
        if isInline { return inlineRows.contains(row) }
        let chunk = chunks[chunkIndex(for: row)]
        let position = Self.position(of: row, in: chunk)
        return position < chunk.count && chunk[position] == row
    }

    /// - Returns: false when the row was there already.
    @discardableResult
    package mutating func insert(_ row: UInt32) -> Bool {
        if isInline {
            var rows = inlineRows
            let position = Self.position(of: row, in: rows)
            if position < rows.count, rows[position] == row { return false }
            rows.insert(row, at: position)
            self = RowSet(ascending: rows[...])
            return true
        }
        let index = chunkIndex(for: row)
        let position = Self.position(of: row, in: chunks[index])
        if position < chunks[index].count, chunks[index][position] == row { return false }
        chunks[index].insert(row, at: position)
        storedCount += 1
        if chunks[index].count > Self.chunkLimit { split(index) }
        return true
    }

    /// Appending is the common case, so a full last chunk is left full instead of being halved.
    private mutating func split(_ index: Int) {
        let chunk = chunks[index]
        let cut = index == chunks.count - 1 ? Self.chunkLimit : chunk.count / 2
        chunks[index] = Array(chunk[..<cut])
        chunks.insert(Array(chunk[cut...]), at: index + 1)
    }

    /// - Returns: false when there was no such row.
    @discardableResult
    package mutating func remove(_ row: UInt32) -> Bool {
        if isInline {
            let rows = inlineRows
            guard rows.contains(row) else { return false }
            self = RowSet(ascending: rows.filter { $0 != row }[...])
            return true
        }
        let index = chunkIndex(for: row)
        let position = Self.position(of: row, in: chunks[index])
        guard position < chunks[index].count, chunks[index][position] == row else { return false }
        chunks[index].remove(at: position)
        storedCount -= 1
        if chunks[index].isEmpty { chunks.remove(at: index) }
        if isInline { self = RowSet(ascending: chunks.flatMap { $0 }[...]) }
        return true
    }

    package func forEach<Failure: Error>(_ visit: (UInt32) throws(Failure) -> Void) throws(Failure) {
        if isInline {
            for index in 0..<count { try visit(self[inline: index]) }
            return
        }
        for chunk in chunks {
            for row in chunk { try visit(row) }
        }
    }

    /// Whether the invariant of the type holds; for tests.
    package func checkInvariants() -> Bool {
        let rows = isInline ? inlineRows : chunks.flatMap { $0 }
        return chunks.isEmpty == isInline && chunks.allSatisfy { !$0.isEmpty && $0.count <= Self.chunkLimit }
            && rows.count == count && zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 }
    }
}
