/// A set of row numbers in ascending order, as a persistent value: a changed copy shares all chunks but one with the original.
///
/// Invariant: chunks are not empty, hold at most `chunkLimit` numbers, and all numbers ascend.
package struct RowSet: Sendable {
    private static let chunkLimit = 1_024
    private var chunks: [[UInt32]] = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

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
        guard !chunks.isEmpty else { return false }
        let chunk = chunks[chunkIndex(for: row)]
        let position = Self.position(of: row, in: chunk)
        return position < chunk.count && chunk[position] == row
    }

    /// - Returns: false when the row was there already.
    @discardableResult
    package mutating func insert(_ row: UInt32) -> Bool {
        guard !chunks.isEmpty else {
            chunks = [[row]]
            count = 1
            return true
        }
        let index = chunkIndex(for: row)
        let position = Self.position(of: row, in: chunks[index])
        if position < chunks[index].count, chunks[index][position] == row { return false }
        chunks[index].insert(row, at: position)
        count += 1
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
        guard !chunks.isEmpty else { return false }
        let index = chunkIndex(for: row)
        let position = Self.position(of: row, in: chunks[index])
        guard position < chunks[index].count, chunks[index][position] == row else { return false }
        chunks[index].remove(at: position)
        count -= 1
        if chunks[index].isEmpty { chunks.remove(at: index) }
        return true
    }

    package func forEach<Failure: Error>(_ visit: (UInt32) throws(Failure) -> Void) throws(Failure) {
        for chunk in chunks {
            for row in chunk { try visit(row) }
        }
    }

    /// Whether the invariant of the type holds; for tests.
    package func checkInvariants() -> Bool {
        let rows = chunks.flatMap { $0 }
        return chunks.allSatisfy { !$0.isEmpty && $0.count <= Self.chunkLimit } && rows.count == count
            && zip(rows, rows.dropFirst()).allSatisfy { $0 < $1 }
    }
}
