internal import CacheModel
internal import CacheStorage
internal import VectorSearch
internal import HashTreeCollections

/// The vector searches of one pass, put together so that those which read the same rows share one pass over them.
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
        /// Whether the search goes alone, and its steps are counted and timed.
        var isExplained: Bool
    }

    struct Found {
        var search: Search
        var result: SearchResult
        var plan: SearchExplanation.Plan
        var explanation: SearchExplanation?
    }

    private let searches: [Search]

    init(_ searches: [Search]) { self.searches = searches }

    /// Searches that read the same rows in the same way.
    private struct Group: Hashable {
        var plan: SearchExplanation.Plan
        /// Only where a scope's own rows are read.
        var scope: Scope?
        /// Only where the search goes alone.
        var lookup: Int?
    }

    func run(_ judge: RowJudge, _ methods: SearchMethods, _ memory: SearchMemory) -> [Found] {
        var groups: [Group: [Search]] = [:]
        for search in searches {
            let plan = Self.plan(search.rows?.rows.count ?? 0, judge.index, methods)
            let group = Group(
                plan: plan, scope: plan == .scopeList ? search.scope : nil,
                lookup: search.isExplained ? search.lookup : nil)
            groups[group, default: []].append(search)
        }
        var found: [Found] = []
        for (group, searches) in groups {
            var explanation = group.lookup.map { _ in Self.explanation(group.plan, searches[0], judge.index) }
            let results = Self.run(searches, group.plan, judge, methods, memory, &explanation)
            for (search, result) in zip(searches, results) {
                found.append(Found(search: search, result: result, plan: group.plan, explanation: explanation))
            }
        }
        return found
    }

    private static func plan(
        _ scopeRows: Int, _ index: NamespaceIndex, _ methods: SearchMethods
    ) -> SearchExplanation.Plan {
        PruningPlan.choose(
            scopeRows: scopeRows, totalRows: index.rowCount,
            indexedRows: methods.pruned == nil ? 0 : index.current?.index.rowCount ?? 0)
    }

    private static func run(
        _ searches: [Search], _ plan: SearchExplanation.Plan, _ judge: RowJudge, _ methods: SearchMethods, _ memory: SearchMemory,
        _ explanation: inout SearchExplanation?
    ) -> [SearchResult] {
        let index = judge.index
        guard let layout = index.layout, let rows = searches.first?.rows?.rows, !rows.isEmpty || plan != .scopeList else {
            return searches.map { _ in SearchResult() }
        }
        let queries = searches.map(\.query)
        let terms = searches.map(judge.terms)
        if plan == .partition, let pruned = methods.pruned, let current = index.current {
            return pruned.search(
                queries, in: current.index, scratch: memory.pruned, explanation: &explanation, address: index.address
            ) { query, row in judge.verdict(row, terms[query]) }
        }
        let runs = plan == .scopeList ? runs(of: rows, index) : allRuns(index)
        let clock = ContinuousClock()
        let start = explanation.map { _ in clock.now }
        let results = methods.scan.search(
            queries, dimension: layout.dimension, stride: layout.stride, runs: runs, scratch: memory.scan
        ) { query, row in judge.verdict(row, terms[query]) }
        if let start {
            let elapsed = start.duration(to: clock.now).components
            explanation?.times.compareNanoseconds = UInt64(clamping: elapsed.attoseconds / 1_000_000_000)
                &+ UInt64(clamping: elapsed.seconds) &* 1_000_000_000
            explanation?.counts.rowsCompared = UInt64(runs.reduce(0) { $0 + $1.count })
        }
        return results
    }

    private static func explanation(
        _ plan: SearchExplanation.Plan, _ search: Search, _ index: NamespaceIndex
    ) -> SearchExplanation {
        var explanation = SearchExplanation(plan: plan)
        explanation.counts.rows = UInt64(index.rowCount)
        explanation.counts.scopeRows = UInt64(search.rows?.rows.count ?? 0)
        return explanation
    }

    // MARK: Rows

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
}
