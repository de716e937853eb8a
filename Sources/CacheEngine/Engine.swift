package import CacheModel
internal import CacheStorage
internal import Synchronization
internal import VectorSearch
internal import HashTreeCollections

/// The cache: one store, one writer thread, several search threads. Knows no sockets.
///
/// Lookups see the last commit and, always, the newest watermarks. Nothing here blocks a caller but `open` and `close`.
package final class Engine: Sendable {
    package let opening: OpeningReport
    package let counters: EngineCounters
    private let configuration: EngineConfiguration
    private let directory: DataDirectory
    private let published: PublishedState
    private let writes: WriteQueue
    private let reads: ReadQueue
    private let builds = BuildQueue()
    private let hits: HitLogs
    private let methods: SearchMethods
    /// Searchers of callers' own threads, see `answerInline`.
    private let inlineSearchers = Mutex<[Box]>([])
    private let threads: Mutex<[WorkerThread]>

    /// Payload that a caller's own thread reads at most.
    private static let inlinePayloadBytes = 500_000

    /// Handed from thread to thread, used by one at a time.
    private final class Box: @unchecked Sendable {
        let searcher: Searcher
        init(_ searcher: Searcher) { self.searcher = searcher }
    }

    /// Opens the store and starts the threads. Takes as long as reading all entries takes.
    ///
    /// - Throws: `store-locked`, `unsupported-format`, `storage-failed`, `storage-full`; `invalid-configuration` for an OpenBLAS
    ///   that several threads must not call; `store-damaged` only when opening strictly.
    package static func open(_ configuration: EngineConfiguration) throws(CacheError) -> Engine {
        let blas = try BlasLibrary()
        let opening = try StoreOpening(configuration)
        let loaded = try opening.open()
        let snapshot = Snapshot(view: loaded.view, transaction: try loaded.environment.beginRead())
        return Engine(
            configuration: configuration, directory: opening.directory, loaded: loaded,
            published: PublishedState(snapshot: snapshot, table: loaded.table),
            methods: SearchMethods(kernels: configuration.kernels, blas: blas), blas: blas)
    }

    private init(
        configuration: EngineConfiguration, directory: DataDirectory, loaded: LoadedStore, published: PublishedState,
        methods: SearchMethods, blas: BlasLibrary
    ) {
        self.configuration = configuration
        self.directory = directory
        self.published = published
        self.methods = methods
        opening = loaded.report
        let counters = EngineCounters(metrics: configuration.metrics)
        self.counters = counters
        let writes = WriteQueue(limit: configuration.writeQueueLimit)
        self.writes = writes
        let reads = ReadQueue(
            limit: configuration.lookupQueueLimit,
            delayLimitNanoseconds: configuration.lookupDelayLimitMilliseconds.map { Int64($0) * 1_000_000 },
            threads: configuration.searchThreads)
        self.reads = reads
        // Once the queue is closed nothing will be evicted any more.
        let hits = HitLogs { _ = writes.push { $0.countHits() } }
        self.hits = hits
        let writer = Writer(
            configuration: configuration, directory: directory, loaded: loaded, published: published,
            counters: counters, queue: writes, builds: builds, hits: hits)
        let builder = IndexBuilder(
            published: published, writes: writes, builds: builds, counters: counters, kernels: configuration.kernels,
            blas: blas)
        let clock = configuration.clock
        let eviction = configuration.eviction
        var threads = [WorkerThread { writer.run() }, WorkerThread(.background) { builder.run() }]
        for _ in 0..<configuration.searchThreads {
            threads.append(
                WorkerThread(.search) {
                    let searcher = Searcher(
                        published: published, clock: clock, counters: counters, methods: methods, hits: hits,
                        eviction: eviction)
                    while let batch = reads.next() {
                        counters.overloaded.add(batch.late.count)
                        for read in batch.late { read.reply(.failed(Self.full)) }
                        counters.timings.readsTaken(batch.reads, at: .now)
                        let replies = searcher.answer(batch.reads.map(\.request))
                        for (read, reply) in zip(batch.reads, replies) { read.reply(reply) }
                    }
                })
        }
        self.threads = Mutex(threads)
    }

    // MARK: Requests

    /// `reply` is called exactly once: on the writer thread, or at once when the write cannot be taken.
    package func submit(_ write: WriteRequest, reply: @escaping @Sendable (WriteReply) -> Void) {
        do throws(WriteQueue.Rejection) {
            try writes.push(PendingWrite(request: write, reply: reply))
        } catch {
            reply(.failed(refusal(error)))
        }
    }

    /// `reply` is called exactly once: on a search thread, or at once when the read cannot be taken.
    package func submit(_ read: ReadRequest, reply: @escaping @Sendable (ReadReply) -> Void) {
        do throws(WriteQueue.Rejection) {
            try reads.push(PendingRead(request: read, reply: reply))
        } catch {
            reply(.failed(refusal(error)))
        }
    }

    /// Why a lookup would be refused if it came now, so that nobody has to look into it first; nil when it would be taken.
    package func lookupRefusal() -> CacheError? { reads.turnsAway() ? refusal(.full) : nil }

    private static let full = CacheError(
        .overloaded, "too many requests wait already", detail: ["retry-after-ms": "20"])

    private func refusal(_ rejection: WriteQueue.Rejection) -> CacheError {
        switch rejection {
        case .full:
            counters.overloaded.add(1)
            return Self.full
        case .closed:
            return CacheError(.shuttingDown, "the service is shutting down")
        }
    }

    /// Answers on the calling thread when that is quick: handing over to a search thread and back takes some 50 µs.
    ///
    /// - Returns: nil when the search would take longer, when lookups come faster than they are answered, so that the caller is
    ///   needed to refuse some, or when the read is not a lookup; nothing has happened then.
    package func answerInline(_ read: ReadRequest, limit: InlineLimit) -> ReadReply? {
        guard case .lookup(let name, let lookups) = read, !reads.isBehind else { return nil }
        let box =
            inlineSearchers.withLock { $0.popLast() }
            ?? Box(
                Searcher(
                    published: published, clock: configuration.clock, counters: counters, methods: methods, hits: hits,
                    eviction: configuration.eviction))
        let replies = box.searcher.answer(name, lookups, limit: limit, payloadLimitBytes: Self.inlinePayloadBytes)
        inlineSearchers.withLock { $0.append(box) }
        return replies.map(ReadReply.lookup)
    }

    /// A lease, and what is known of the sources, without a lookup.
    package func lease(namespace: String, sources: [String]) -> (lease: Lease, sources: [SourceState]) {
        let table = published.table
        let known = table[namespace]
        let states = sources.map {
            known?.sources[Name($0)]?.state ?? SourceState(version: .unnamed, lastSequence: 0)
        }
        return (table.lease(namespace), states)
    }

    /// The namespaces that exist, by name.
    package func namespaces() -> [NamespaceDescription] {
        let state = published.current
        let view = state.snapshot?.view ?? StoreView()
        return state.table.namespaces.compactMap { $0.value.record.content == nil ? nil : $0.value.description(view) }
            .sorted { $0.name < $1.name }
    }

    package var position: Position { published.table.position }

    /// Whether lookups can hit: not while the store is opened anew after a failed write, nor when that failed, too.
    package var isServing: Bool { published.current.snapshot != nil }

    package func statistics() -> EngineStatistics {
        let state = published.current
        return EngineStatistics(
            state: state, usage: state.snapshot?.usage, counters: counters, lookupsWaiting: reads.waitingCount,
            writesWaiting: writes.waitingCount, buildsPending: builds.pendingCount, kernel: configuration.kernels.name,
            durability: configuration.storage.durability, eviction: configuration.eviction)
    }

    /// Writes a consistent copy of the live store into an existing, empty directory. Blocks; the copy is a snapshot meanwhile.
    package func copy(to directory: String) throws(CacheError) {
        guard let snapshot = published.current.snapshot else {
            throw CacheError(.storageFailed, "the store is being opened anew")
        }
        try snapshot.copyStore(to: directory)
    }

    /// Waits until no search index is being built any more. Blocks; for tools and tests that want to know what they measure.
    package func waitForBuilds() {
        // Writes before this one have said what they want built.
        let reached = Handoff<Void>()
        guard writes.push({ _ in reached.put(()) }) else { return }
        _ = reached.take()
        builds.drain()
    }

    // MARK: Ending

    /// Refuses new work, answers what waits, and closes the store. Blocks until the threads have ended; call it once or often.
    package func close() {
        reads.close()
        builds.close()
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads.dropFirst() { thread.join() }
        writes.close()
        threads.first?.join()
    }
}
