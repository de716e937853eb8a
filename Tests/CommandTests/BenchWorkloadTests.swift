import CacheModel
import CacheProtocol
import Testing

@testable import semblance

@Suite struct BenchWorkloadTests {
    private let folder: TemporaryFolder
    private let queries: NumPyFile
    private let vectors: NumPyFile

    init() throws {
        folder = try TemporaryFolder()
        let rows = NumPyBytes.randomRows(30, dimension: 4, seed: 1)
        queries = try NumPyFile(folder.write("q.npy", NumPyBytes.float32(Array(rows.prefix(10)))))
        vectors = try NumPyFile(folder.write("v.npy", NumPyBytes.float32(rows)))
    }

    private func material(sources: Int = 12, _ change: (inout BenchSettings) -> Void = { _ in }) throws -> BenchMaterial
    {
        var settings = BenchSettings(namespace: "n")
        settings.sourceCount = sources
        change(&settings)
        return try BenchMaterial(settings: settings, queries: queries, vectors: vectors)
    }

    private func workload(
        _ material: BenchMaterial, _ mix: String, worker: Int = 0, of workerCount: Int = 1, lease: Lease? = nil
    ) throws -> BenchWorkload {
        BenchWorkload(
            material, mix: try BenchMix(parsing: mix), worker: worker, workerCount: workerCount,
            sources: Array(repeating: .first, count: material.sourceCount), lease: lease)
    }

    private func insertion(_ request: BenchRequest?) throws -> Insertion {
        guard case .insert(let insert)? = request?.request else { throw CacheError(.internalError, "no insert") }
        return try #require(try insert.insertions.first?.get())
    }

    private func invalidation(_ request: BenchRequest?) throws -> Invalidation {
        guard case .invalidate(let message)? = request?.request else { throw CacheError(.internalError, "no news") }
        return try #require(try message.invalidations.first?.get())
    }

    @Test func theSameSeedSendsTheSameRequests() throws {
        var runs: [[Request]] = []
        for seed: UInt64 in [7, 7, 8] {
            var workload = try workload(try material { $0.seed = seed }, "5:3:2")
            var requests: [Request] = []
            for _ in 0..<100 {
                let next = try #require(try workload.next())
                workload.finished(next.kind, source: next.source)
                requests.append(next.request)
            }
            runs.append(requests)
        }
        #expect(runs[0] == runs[1])
        #expect(runs[0] != runs[2])
    }

    @Test func workersDoNotSendTheSame() throws {
        var (first, second) = (try workload(material(), "1"), try workload(material(), "1", worker: 1, of: 2))
        let requests = try (0..<20).map { _ in (try first.next()?.request, try second.next()?.request) }
        #expect(requests.contains { $0.0 != $0.1 })
    }

    @Test func onceMeansEachQueryOnceAndInOrder() throws {
        let material = try material { $0.isOnce = true }
        var sent: [Request?] = Array(repeating: nil, count: 10)
        for worker in 0..<3 {
            var workload = try workload(material, "1", worker: worker, of: 3)
            var index = worker
            while let next = try workload.next() {
                #expect(sent[index] == nil)
                sent[index] = next.request
                index += 3
            }
        }
        #expect(sent == material.lookups)
    }

    @Test func rowsOfAllWorkersAreInsertedInTurn() throws {
        let material = try material(sources: 7)
        var keys: Set<ExactKey> = []
        for worker in 0..<2 {
            var workload = try workload(material, "0:1:0", worker: worker, of: 2)
            // Four sources and 18 rows; then three sources and 12 rows. The longest turn has five rows of a source.
            for _ in 0..<(worker == 0 ? 20 : 15) {
                let request = try workload.next()
                let insertion = try insertion(request)
                let row = Int((insertion.key?.fingerprint ?? 0) & 0xffff)
                #expect(insertion.vector == (try vectors.rows(row..<row + 1)[0]))
                #expect(insertion.dependencies == [Dependency("bench/\(row % 7)", .ordered(1))])
                #expect(row % 7 % 2 == worker, "a worker keeps to its own sources")
                keys.insert(try #require(insertion.key))
                workload.finished(.insert, source: try #require(request).source)
            }
        }
        #expect(keys.count == 30, "each row under a key of its own")
    }

    @Test func whatAnInvalidationMadeStaleIsBroughtBackFirstAndOnTheNewVersion() throws {
        var workload = try workload(try material(sources: 10), "0:0:1")
        var versions: [String: UInt64] = [:]
        var order: [String] = []
        for _ in 0..<6 {
            let news = try invalidation(try workload.next())
            versions[news.source, default: 1] += 1
            #expect(news.change == .version(try #require(versions[news.source])), "versions grow one by one")
            if !order.contains(news.source) { order.append(news.source) }
        }
        workload.mix = try BenchMix(parsing: "0:1:0")
        for source in order {
            var keys: Set<ExactKey?> = []
            for _ in 0..<3 {
                let request = try #require(try workload.next())
                let insertion = try insertion(request)
                #expect(insertion.dependencies == [Dependency(source, .ordered(try #require(versions[source])))])
                keys.insert(insertion.key)
                workload.finished(.insert, source: request.source)
            }
            #expect(keys.count == 3, "each of the source's rows")
        }
        let next = try insertion(try workload.next())
        let dependency = try #require(next.dependencies.first)
        #expect(dependency.version == .ordered(versions[dependency.source] ?? 1), "when all are fresh, any")
    }

    @Test func aSourceWithAnInsertOnItsWayIsNotInvalidated() throws {
        var workload = try workload(try material(sources: 3), "0:1:0")
        let inserted = [try #require(try workload.next()), try #require(try workload.next())]
        workload.mix = try BenchMix(parsing: "0:0:1")
        for _ in 0..<20 {
            let source = try #require(try workload.next()).source
            #expect(!inserted.map(\.source).contains(source), "the insert would come too late and be refused")
        }
        workload.finished(.insert, source: inserted[0].source)
        let sources = try (0..<20).map { _ in try workload.next()?.source }
        #expect(sources.contains(inserted[0].source))
        #expect(!sources.contains(inserted[1].source))
    }

    @Test func insertsCarryTheLeaseOfTheLatestLookup() throws {
        let first = Lease(position: Position(incarnation: 1, sequence: 2), namespace: 3)
        var workload = try workload(try material(), "0:1:0", lease: first)
        #expect(try insertion(try workload.next()).lease == first)
        let second = Lease(position: Position(incarnation: 1, sequence: 9), namespace: 3)
        workload.received(second)
        #expect(try insertion(try workload.next()).lease == second)
    }

    @Test func aLoadGoesOnFromTheVersionsThatTheServiceKnows() throws {
        let generation = Position(incarnation: 1, sequence: 2)
        let known = SourceState(version: .ordered(41, generation: generation), lastSequence: 5)
        let source = try BenchSource(known, index: 0)
        var workload = BenchWorkload(
            try material(sources: 1), mix: try BenchMix(parsing: "0:0:1"), sources: [source])
        #expect(try invalidation(try workload.next()).change == .version(42, generation: generation))
        var last = BenchSource(version: .max)
        last.advance()
        #expect(last.version == .max, "there is none after the last")
        #expect(throws: CacheError.self) {
            try BenchSource(SourceState(version: .labelled("x"), lastSequence: 1), index: 0)
        }
    }

    @Test func filesThatDoNotFitTogetherAreRefused() throws {
        let other = try NumPyFile(
            folder.write("o.npy", NumPyBytes.float32(NumPyBytes.randomRows(2, dimension: 3, seed: 1))))
        let settings = BenchSettings(namespace: "n")
        #expect(throws: CacheError.self) { try BenchMaterial(settings: settings, queries: other, vectors: vectors) }
        let empty = try NumPyFile(folder.write("e.npy", NumPyBytes.header(NumPyBytes.dictionary("<f4", "(0, 4)"))))
        #expect(throws: CacheError.self) { try BenchMaterial(settings: settings, queries: empty, vectors: nil) }
    }

    @Test func aPayloadHasTheSizeThatWasAskedFor() throws {
        for bytes in [0, 3, 400] {
            let material = try material { $0.payloadBytes = bytes }
            #expect(material.insertion(row: 1, vector: [1], version: .unnamed, lease: nil).payload.count == bytes)
        }
    }
}
