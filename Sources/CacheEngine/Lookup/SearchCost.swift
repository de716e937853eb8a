internal import CacheModel
internal import CacheStorage
internal import HashTreeCollections
internal import VectorSearch

/// What a search of a namespace reads, to expect what it costs before it is begun.
struct SearchCost: Sendable {
    private let scopes: TreeDictionary<Scope, NamespaceIndex.ScopeRows>
    private let rowCount: Int
    private let rowBytes: Int
    /// Rows of the search index and its cells; 0 without one.
    private let indexedRows: Int
    private let cellCount: Int

    init(_ index: NamespaceIndex) {
        scopes = index.scopes
        rowCount = index.rowCount
        rowBytes = (index.layout?.stride ?? 0) * 4
        indexedRows = index.current?.index.rowCount ?? 0
        cellCount = index.current?.partition.cellCount ?? 0
    }

    /// About how many bytes a search of this scope reads.
    func bytes(_ scope: Scope, threshold: Float) -> Int {
        let count = scopes[scope]?.rows.count ?? 0
        switch PruningPlan.choose(scopeRows: count, totalRows: rowCount, indexedRows: indexedRows) {
        case .scopeList: return count * rowBytes
        case .scan: return rowCount * rowBytes
        case .partition:
            // Centroids, and of the first sketches what the bounds leave: a fiftieth at 0.95, a tenth at 0.90, then most. Low
            // thresholds that no row reaches leave vectors, too.
            let sketched = threshold >= 0.95 ? indexedRows / 50 : threshold >= 0.9 ? indexedRows / 10 : indexedRows
            return cellCount * rowBytes / 4 + sketched * rowBytes / 64 + (threshold < 0.7 ? indexedRows * rowBytes : 0)
        }
    }
}
