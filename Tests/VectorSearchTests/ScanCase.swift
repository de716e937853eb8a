@testable import VectorSearch

/// Rows in runs of all kinds, queries, verdicts, and what a search of them must answer.
struct ScanCase {
    struct StoredRow {
        var number: UInt32
        var components: [Float]
        var order: UInt64
    }

    /// How the owner of the rows judges them.
    enum Verdicts: CaseIterable {
        case mixed, acceptsAll, excludesAll, ignoresAll, excludesTheBest
    }

    let dimension: Int
    let stride: Int
    var rows: [StoredRow] = []
    var queries: [Query] = []
    var verdicts: [[UInt32: RowVerdict]] = []
    private(set) var runs: [RowRun] = []
    private var memories: [RowMemory] = []

    /// - Parameter spread: How far rows of a cluster lie from its center; small values put them around high thresholds.
    init(
        dimension: Int, rowCount: Int, queryCount: Int, spread: Float, verdicts kind: Verdicts, seed: UInt64
    ) throws {
        self.dimension = dimension
        var random = SeededGenerator(seed: seed)
        stride = UnitVector.stride(dimension: dimension) + (Bool.random(using: &random) ? 0 : 16)
        let centers = (0..<5).map { _ in Self.direction(dimension, &random) }

        var vectors: [UnitVector] = []
        for index in 0..<rowCount {
            var components = centers[index % centers.count]
            switch Int.random(in: 0..<10, using: &random) {
            case 0: components = vectors.isEmpty ? components : Array(vectors[0].row.prefix(dimension))
            case 1: components = components.map { -$0 }
            case 2: components = (0..<dimension).map { $0 == index % dimension ? 1 : 0 }
            case 3: break
            default:
                let scale = spread / Float(dimension).squareRoot()
                components = components.map { $0 + random.component() * scale }
            }
            if components.allSatisfy({ $0 == 0 }) { components[0] = 1 }
            vectors.append(try UnitVector(components))
        }
        let orders = (0..<UInt64(rowCount)).map { $0 * 3 + 1 }.shuffled(using: &random)
        var number: UInt32 = 0
        var start = 0
        while start < rowCount {
            let count = min([0, 1, 1, 2, 3, 4, 5, 42, 130].randomElement(using: &random) ?? 1, rowCount - start)
            let memory = RowMemory(rows: vectors[start..<start + count].map(\.row), stride: stride)
            memories.append(memory)
            runs.append(RowRun(base: memory.base, count: count, firstRow: number))
            for index in start..<start + count {
                rows.append(StoredRow(number: number, components: vectors[index].row, order: orders[index]))
                number += 1
            }
            number += 17
            start += count
        }
        runs.shuffle(using: &random)

        for index in 0..<queryCount {
            let vector: UnitVector
            if index % 3 == 0, let twin = vectors.randomElement(using: &random) {
                vector = twin
            } else {
                let scale = spread / Float(dimension).squareRoot()
                vector = try UnitVector(
                    centers[index % centers.count].map { $0 + random.component() * scale + .leastNonzeroMagnitude })
            }
            let similarities = rows.map { Self.similarity(vector.row, $0.components) }
            let other = similarities.randomElement(using: &random) ?? 0
            let thresholds: [Float] = [-1, 0, 0.95, 1, other, other.nextUp, other.nextDown]
            let threshold = thresholds.randomElement(using: &random) ?? 0
            let neighbors = [1, 1, 2, 5, 100].randomElement(using: &random) ?? 1
            queries.append(try Query(vector, threshold: min(1, max(-1, threshold)), neighbors: neighbors))
            let best = similarities.max() ?? 1
            var verdicts: [UInt32: RowVerdict] = [:]
            for (row, similarity) in zip(rows, similarities) {
                let excluded = RowVerdict.exclude(reason: UInt8.random(in: 3...4, using: &random))
                let accepted = RowVerdict.accept(order: row.order)
                verdicts[row.number] =
                    switch kind {
                    case .mixed: [accepted, accepted, accepted, excluded, .ignore].randomElement(using: &random)
                    case .acceptsAll: accepted
                    case .excludesAll: excluded
                    case .ignoresAll: .ignore
                    case .excludesTheBest: similarity == best ? excluded : accepted
                    }
            }
            self.verdicts.append(verdicts)
        }
    }

    /// What the definition of a result says, by looking at every row.
    func expected(_ index: Int) -> SearchResult {
        let query = queries[index]
        var accepted: [Match] = []
        var excluded: [ExcludedRow] = []
        for row in rows {
            let similarity = Self.similarity(query.vector.row, row.components)
            switch verdicts[index][row.number] {
            case .accept(let order): accepted.append(Match(row: row.number, similarity: similarity, order: order))
            case .exclude(let reason): excluded.append(ExcludedRow(similarity: similarity, reason: reason))
            default: break
            }
        }
        accepted.sort { ($0.similarity, $0.order) > ($1.similarity, $1.order) }
        let matches = Array(accepted.filter { $0.similarity >= query.threshold }.prefix(query.neighbors))
        excluded.sort { $0.similarity > $1.similarity || ($0.similarity == $1.similarity && $0.reason < $1.reason) }
        let bestExcluded = excluded.first { row in
            row.similarity >= query.threshold && matches.first.map { row.similarity > $0.similarity } ?? true
        }
        return SearchResult(matches: matches, nearest: accepted.first?.similarity, bestExcluded: bestExcluded)
    }

    func search(_ scan: ExactScan, queries range: Range<Int>, scratch: SearchScratch) -> [SearchResult] {
        scan.search(
            Array(queries[range]), dimension: dimension, stride: stride, runs: runs, scratch: scratch
        ) { query, row in verdicts[range.lowerBound + query][row] ?? .ignore }
    }

    static func similarity(_ query: [Float], _ row: [Float]) -> Float {
        // The serial kernel is the oracle; CanonicalDotTests compare it with its definition.
        guard let serial = Kernels(.serial) else { return .nan }
        let isIdentical = zip(query, row).allSatisfy { $0.bitPattern == $1.bitPattern }
        return isIdentical ? 1 : max(-1, min(1, Similarity.dot(query, row, length: query.count, kernels: serial)))
    }

    private static func direction(_ dimension: Int, _ random: inout SeededGenerator) -> [Float] {
        let components = random.components(dimension)
        return components.allSatisfy { $0 == 0 } ? [Float](repeating: 1, count: dimension) : components
    }
}
