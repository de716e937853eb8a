/// Keeps what is best for one query, and knows how similar a row must be to still change it.
///
/// The result does not depend on the order in which rows are offered. Invariant: `cut` never falls within one search.
struct MatchCollector {
    private var threshold: Float = 1
    private var neighbors = 1
    /// Best first.
    private var matches: [Match] = []
    private var nearest: Float?
    private var excluded: ExcludedRow?

    /// A row below this similarity changes nothing, whatever its verdict.
    private(set) var cut = -Float.infinity

    /// Forgets everything but its memory.
    mutating func begin(threshold: Float, neighbors: Int) {
        self.threshold = threshold
        self.neighbors = neighbors
        matches.removeAll(keepingCapacity: true)
        nearest = nil
        excluded = nil
        cut = -.infinity
    }

    mutating func accept(row: UInt32, similarity: Float, order: UInt64) {
        nearest = max(nearest ?? -.infinity, similarity)
        if similarity >= threshold {
            let match = Match(row: row, similarity: similarity, order: order)
            if matches.count < neighbors {
                insert(match)
            } else if let worst = matches.last, match.isBetter(than: worst) {
                matches.removeLast()
                insert(match)
            }
        }
        raiseCut()
    }

    mutating func exclude(similarity: Float, reason: UInt8) {
        guard similarity >= threshold else { return }
        let row = ExcludedRow(similarity: similarity, reason: reason)
        if let known = excluded, !row.isBetter(than: known) { return }
        excluded = row
    }

    /// Whether a row is among the matches.
    func holds(_ row: UInt32) -> Bool { matches.contains { $0.row == row } }

    var result: SearchResult {
        var bestExcluded = excluded
        if let best = matches.first, let row = excluded, row.similarity <= best.similarity { bestExcluded = nil }
        return SearchResult(matches: matches, nearest: nearest, bestExcluded: bestExcluded)
    }

    private mutating func insert(_ match: Match) {
        var low = 0
        var high = matches.count
        while low < high {
            let middle = (low + high) / 2
            if matches[middle].isBetter(than: match) { low = middle + 1 } else { high = middle }
        }
        matches.insert(match, at: low)
    }

    /// With a match in hand only better matches count: whatever is nearer than the best match, accepted or excluded, is
    /// at or above the cut too. Without one, any row that is nearer than the nearest may become it, and rows at or
    /// above the threshold lie higher still.
    private mutating func raiseCut() {
        if let worst = matches.last {
            cut = matches.count < neighbors ? threshold : worst.similarity
        } else if let nearest {
            cut = nearest.nextUp
        }
    }

    /// For tests: that the state is one which offers can lead to.
    func checkInvariants() {
        precondition(matches.count <= neighbors)
        precondition(zip(matches, matches.dropFirst()).allSatisfy { $0.isBetter(than: $1) || $0.order == $1.order })
        precondition(matches.allSatisfy { $0.similarity >= threshold && $0.similarity <= nearest ?? -.infinity })
        precondition(matches.isEmpty == ((nearest ?? -.infinity) < threshold))
        precondition(excluded.map { $0.similarity >= threshold } ?? true)
    }
}
