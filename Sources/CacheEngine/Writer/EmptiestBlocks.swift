internal import CacheStorage

/// The blocks with the fewest rows that live, found ahead for some commits: to look through all blocks for each would take longer than
/// to give one up.
///
/// It says what once was so: who takes a block from here looks at it again. One thread at a time.
final class EmptiestBlocks {
    /// By content, the emptiest last.
    private var found: [ContentIdentifier: [UInt32]] = [:]

    /// The part of the sparse blocks that a search finds, unless more are needed at once.
    private static let part = 16

    /// - Returns: nil when a search is due.
    func next(of content: ContentIdentifier) -> UInt32? { found[content]?.popLast() }

    /// - Parameter count: blocks that are needed now.
    func search(_ index: NamespaceIndex, of content: ContentIdentifier, count: Int) {
        var sparse: [(number: UInt32, liveCount: Int)] = []
        index.forEachBlock { number, block in
            if block.isSparse, !index.isOpen(number) { sparse.append((number, block.liveCount)) }
        }
        sparse.sort { ($0.liveCount, $0.number) < ($1.liveCount, $1.number) }
        found[content] = sparse.prefix(max(count, sparse.count / Self.part)).reversed().map(\.number)
    }

    /// Whether commits have taken blocks from here.
    func isInUse(_ content: ContentIdentifier) -> Bool { found[content] != nil }

    func forget(_ content: ContentIdentifier) { found[content] = nil }
}
