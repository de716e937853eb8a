import CacheEngine
import CacheModel
import Testing
import VectorSearch

/// Rows with neighbors at all distances, in one large scope and some small ones, and what a full scan says of them.
final class IndexWorld {
    static let dimension = 40
    static let largeScope = Scope(1)

    struct Row {
        var entry: EntryIdentifier
        var scope: Scope
        var vector: UnitVector
        var source: String
    }

    let harness: EngineHarness
    private(set) var rows: [Row] = []
    private var random: HistoryRandom
    private let kernels: Kernels
    private var centers: [[Float]] = []

    init(_ harness: EngineHarness, seed: UInt64) throws {
        self.harness = harness
        kernels = try Kernels(environment: [:])
        random = HistoryRandom(seed: seed)
        for _ in 0..<60 { centers.append(direction()) }
    }

    private func direction() -> [Float] { (0..<Self.dimension).map { _ in Float.random(in: -1...1, using: &random) } }

    /// Around one of the centers, nearer or farther.
    func vector() -> [Float] {
        let center = centers[Int.random(in: 0..<centers.count, using: &random)]
        let spread = Float.random(in: 0.05...0.9, using: &random)
        return zip(center, direction()).map { $0 + spread * $1 }
    }

    /// A stored row moved a little, or something new.
    func query() -> [Float] {
        guard let row = rows.randomElement(using: &random), Int.random(in: 0..<4, using: &random) > 0 else { return vector() }
        let spread = Float.random(in: 0...0.12, using: &random)
        return zip(row.vector.components, direction()).map { $0 + spread * $1 }
    }

    func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    /// Inserts rows, nine in ten of them into the large scope.
    ///
    /// - Parameter mayFail: whether the rows may be refused, as those of a commit that fails are.
    func insert(_ count: Int, mayFail: Bool = false) throws {
        var insertions: [Insertion] = []
        var added: [Row] = []
        let lease = harness.lease()
        for _ in 0..<count {
            let small = Int.random(in: 0..<10, using: &random) == 0
            let scope = small ? Scope(UInt128(2 + number(below: 300))) : Self.largeScope
            let source = "source-\(number(below: 8))"
            let components = vector()
            insertions.append(
                Insertion(
                    scope: scope, vector: components, payload: [1, 2, 3],
                    dependencies: [Dependency(source, .unnamed)], lease: lease))
            added.append(
                Row(entry: EntryIdentifier(0), scope: scope, vector: try UnitVector(components), source: source))
        }
        for (row, outcome) in zip(added, harness.insert(insertions)) {
            if mayFail, outcome.entry == nil { continue }
            var row = row
            row.entry = try #require(outcome.entry)
            rows.append(row)
        }
    }

    /// Deletes some rows, in order of their age or at random.
    func delete(_ count: Int, oldest: Bool = false) {
        for _ in 0..<min(count, rows.count) {
            let row = rows.remove(at: oldest ? 0 : number(below: rows.count))
            _ = harness.write(.delete(namespace: EngineHarness.namespace, entries: [row.entry], scope: nil))
        }
    }

    /// The data behind some rows changes.
    func bump(_ source: String) {
        #expect(harness.invalidate(source, .bump).code == nil)
        rows.removeAll { $0.source == source }
    }

    /// What a scan by the canonical kernel finds: best first, the newest first among equals.
    func expected(_ query: UnitVector, scope: Scope, threshold: Float, neighbors: Int) -> [(EntryIdentifier, Float)] {
        var found: [(EntryIdentifier, Float)] = []
        for row in rows where row.scope == scope {
            let similarity = Similarity.between(query, row.vector, kernels: kernels)
            if similarity >= threshold { found.append((row.entry, similarity)) }
        }
        found.sort { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.number > $1.0.number }
        return Array(found.prefix(neighbors))
    }

    /// Asks some questions and compares every answer.
    ///
    /// - Returns: how many were answered through the index, and how many were hits.
    @discardableResult
    func compare(_ count: Int) throws -> (indexed: Int, hits: Int) {
        var indexed = 0
        var hits = 0
        for _ in 0..<count {
            let components = query()
            let scope = number(below: 5) == 0 ? rows.randomElement(using: &random)?.scope ?? Self.largeScope : Self.largeScope
            let threshold = [0.98, 0.95, 0.9, 0.8, 0.6, 0.3][number(below: 6)] as Float
            let neighbors = number(below: 3) == 0 ? 7 : 1
            let reply = harness.lookup(
                Lookup(
                    scope: scope, vector: components, threshold: threshold, neighbors: neighbors, omitsPayload: true,
                    isExplained: true))
            let wanted = expected(
                try UnitVector(components), scope: scope, threshold: threshold, neighbors: neighbors)
            #expect(reply.hits.map(\.entry.identifier) == wanted.map(\.0))
            #expect(reply.hits.map(\.similarity) == wanted.map(\.1))
            if reply.explanation?.plan == .partition { indexed += 1 }
            if !wanted.isEmpty { hits += 1 }
        }
        return (indexed, hits)
    }
}

extension UnitVector {
    var components: [Float] { withUnsafeRow { Array($0.prefix(dimension)) } }
}
