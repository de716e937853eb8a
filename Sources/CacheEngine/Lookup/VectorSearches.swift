internal import CacheModel
internal import CacheStorage
internal import VectorSearch
internal import HashTreeCollections

/// The vector searches of one pass, put together so that those which read the same rows share one scan of them.
struct VectorSearches {
    struct Search {
        /// The index of the lookup in its pass.
        var lookup: Int
        var scope: Scope
        /// Nil when the scope has no entries.
        var rows: NamespaceIndex.ScopeRows?
        /// Entries made before this time are too old; nil for any age.
        var oldest: Timestamp?
        var query: Query
    }

    private let searches: [Search]

    init(_ searches: [Search]) { self.searches = searches }

    func run(_ judge: RowJudge, _ scan: ExactScan, _ scratch: SearchScratch) -> [(Search, SearchResult)] {
        var results: [(Search, SearchResult)] = []
        var whole: [Search] = []
        var byScope: [Scope: [Search]] = [:]
        for search in searches {
            guard let rows = search.rows?.rows, !rows.isEmpty else {
                results.append((search, SearchResult()))
                continue
            }
            if Self.readsEverything(rows.count, of: judge.index.rowCount) {
                whole.append(search)
            } else {
                byScope[search.scope, default: []].append(search)
            }
        }
        if !whole.isEmpty { results += run(whole, Self.allRuns(judge.index), judge, scan, scratch) }
        for (_, group) in byScope {
            guard let rows = group[0].rows?.rows else { continue }
            results += run(group, Self.runs(of: rows, judge.index), judge, scan, scratch)
        }
        return results
    }

    /// A scope with at least half of the rows is found faster by reading all blocks from front to back than by its list.
    private static func readsEverything(_ count: Int, of total: Int) -> Bool { count * 2 >= total }

    private func run(
        _ group: [Search], _ runs: [RowRun], _ judge: RowJudge, _ scan: ExactScan, _ scratch: SearchScratch
    ) -> [(Search, SearchResult)] {
        guard let layout = judge.index.layout else { return [] }
        let terms = group.map(judge.terms)
        let found = scan.search(
            group.map(\.query), dimension: layout.dimension, stride: layout.stride, runs: runs, scratch: scratch
        ) { query, row in judge.verdict(row, terms[query]) }
        return Array(zip(group, found))
    }

    private static func allRuns(_ index: NamespaceIndex) -> [RowRun] {
        guard let layout = index.layout else { return [] }
        var runs: [RowRun] = []
        index.forEachBlock { number, block in
            guard let rows = block.rows, block.liveCount > 0 else { return }
            runs.append(RowRun(base: rows, count: block.count, firstRow: number * UInt32(layout.rowsPerBlock)))
        }
        return runs
    }

    /// Neighbors in a block are joined to one run.
    private static func runs(of rows: RowSet, _ index: NamespaceIndex) -> [RowRun] {
        guard let layout = index.layout else { return [] }
        let perBlock = UInt32(layout.rowsPerBlock)
        var runs: [RowRun] = []
        rows.forEach { row in
            if let last = runs.last, last.firstRow + UInt32(last.count) == row, row % perBlock != 0 {
                runs[runs.count - 1].count += 1
                return
            }
            guard let base = index[row / perBlock]?.rows else { return }
            runs.append(RowRun(base: base.advanced(by: Int(row % perBlock) * layout.stride), count: 1, firstRow: row))
        }
        return runs
    }

    /// Rows that the searches of these scopes read, to expect what they cost.
    static func rowCount(_ index: NamespaceIndex, _ scope: Scope) -> Int {
        let count = index.scopes[scope]?.rows.count ?? 0
        return readsEverything(count, of: index.rowCount) ? index.rowCount : count
    }
}
