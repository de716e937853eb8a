import CacheModel
import CacheProtocol

/// One request of a load.
struct BenchRequest: Sendable {
    var kind: BenchKind
    var request: Request
    /// The source that an insert or an invalidation is about; -1 for others.
    var source = -1
}

/// Decides what one worker sends next. What it sends depends on the seed and, where requests of the same source must
/// not overtake each other, on which have been answered.
///
/// Sources are dealt out to the workers, and so are the rows that depend on them, so that workers need not agree on
/// versions. The load is that of an app: an invalidation announces the next version of a source and makes the entries
/// that were built on the version before stale; inserts bring them back first, built on the new version and under the
/// lease that came with the latest lookup, and renew other entries when all are fresh.
struct BenchWorkload: Sendable {
    let material: BenchMaterial
    var mix: BenchMix
    private let worker: Int
    private let workerCount: Int
    private var generator: BenchGenerator
    private var sources: [Source]
    /// Sources with entries that were made stale, in their order, from `staleStart` on.
    private var stale: [Int] = []
    private var staleStart = 0
    /// The source whose entry is renewed next.
    private var turn = 0
    private var queryIndex: Int
    private(set) var lease: Lease?

    private struct Source {
        var announced: BenchSource
        /// Inserts that have not been answered yet.
        var insertCount = 0
        var rowCount: Int
        /// Counts on without end; modulo `rowCount` the next of the source's rows.
        var nextRow = 0
        var staleCount = 0
    }

    /// - Parameters:
    ///   - mix: other than the material's for the pings before a load.
    ///   - sources: as the service knows them, all of them; this worker takes its own. Empty when no kind needs them.
    init(
        _ material: BenchMaterial, mix: BenchMix, worker: Int = 0, workerCount: Int = 1, sources: [BenchSource] = [],
        lease: Lease? = nil
    ) {
        self.material = material
        self.mix = mix
        self.worker = worker
        self.workerCount = workerCount
        self.lease = lease
        generator = BenchGenerator(seed: material.settings.seed, stream: UInt64(worker))
        queryIndex = worker
        self.sources = stride(from: worker, to: sources.count, by: workerCount).map { index in
            Source(announced: sources[index], rowCount: material.rowCount(ofSource: index))
        }
    }

    /// - Returns: nil when there is nothing more to be sent.
    /// - Throws: `invalid-argument` when the file of vectors cannot be read any more.
    mutating func next() throws(CacheError) -> BenchRequest? {
        if material.settings.isOnce, !mix.includes(.ping) {
            guard queryIndex < material.lookups.count else { return nil }
            defer { queryIndex += workerCount }
            return BenchRequest(kind: .lookup, request: material.lookups[queryIndex])
        }
        switch mix.choose(using: &generator) {
        case .lookup:
            return BenchRequest(
                kind: .lookup, request: material.lookups[Int.random(in: 0..<material.lookups.count, using: &generator)])
        case .insert: return try insertion()
        case .invalidate: return invalidation()
        case .ping: return BenchRequest(kind: .ping, request: .ping(Array("semblance".utf8)))
        }
    }

    /// The request has been answered, with an error or not.
    mutating func finished(_ kind: BenchKind, source: Int) {
        if kind == .insert { sources[source].insertCount -= 1 }
    }

    /// A lookup was answered.
    mutating func received(_ lease: Lease) { self.lease = lease }

    // MARK: Inserts

    private mutating func insertion() throws(CacheError) -> BenchRequest? {
        guard let vectors = material.vectors else { return nil }
        let own = nextStale() ?? nextInTurn()
        let index = worker + own * workerCount
        let row = index + sources[own].nextRow % sources[own].rowCount * material.sourceCount
        sources[own].nextRow += 1
        sources[own].insertCount += 1
        let insertion = material.insertion(
            row: row, vector: try vectors.rows(row..<row + 1)[0], version: sources[own].announced.dataVersion,
            lease: lease)
        return BenchRequest(
            kind: .insert, request: .insert(InsertRequest(namespace: material.namespace, [insertion])), source: own)
    }

    /// The first source with stale entries.
    private mutating func nextStale() -> Int? {
        guard staleStart < stale.count else { return nil }
        let own = stale[staleStart]
        sources[own].staleCount -= 1
        if sources[own].staleCount == 0 {
            staleStart += 1
            if staleStart == stale.count || staleStart == 4_096 {
                stale.removeFirst(staleStart)
                staleStart = 0
            }
        }
        return own
    }

    /// The next source without an insert in flight, as two of the same entry would have no order.
    private mutating func nextInTurn() -> Int {
        for _ in sources.indices {
            turn = (turn + 1) % sources.count
            if sources[turn].insertCount == 0 { break }
        }
        return turn
    }

    // MARK: Invalidations

    /// Of a source without an insert in flight: one that comes late is refused, which is right, but no error of
    /// anybody.
    private mutating func invalidation() -> BenchRequest {
        var own = Int.random(in: 0..<sources.count, using: &generator)
        for _ in sources.indices where sources[own].insertCount > 0 { own = (own + 1) % sources.count }
        sources[own].announced.advance()
        if sources[own].staleCount == 0, sources[own].rowCount > 0 { stale.append(own) }
        sources[own].staleCount = sources[own].rowCount
        let announced = sources[own].announced
        let invalidation = Invalidation(
            source: BenchMaterial.source(worker + own * workerCount),
            change: .version(announced.version, generation: announced.generation))
        return BenchRequest(
            kind: .invalidate,
            request: .invalidate(InvalidateRequest(namespace: material.namespace, [invalidation])), source: own)
    }
}

/// A generator with a seed (SplitMix64, Steele, Lea and Flood 2014), so that a load can be repeated.
struct BenchGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// - Parameter stream: another one for each worker.
    init(seed: UInt64, stream: UInt64) {
        state = stream
        let mixed = next()
        state = seed ^ mixed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
