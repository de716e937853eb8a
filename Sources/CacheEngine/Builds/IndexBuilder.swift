internal import CAllocator
internal import CacheModel
internal import CacheStorage
internal import Synchronization
internal import VectorSearch

/// Builds the next generation of a namespace's search index on a thread of its own, beside lookups and inserts.
///
/// 1. Trains a partition from a sample of the rows.
/// 2. Has the writer begin a generation with it. From then on the writer sketches what is inserted, for this generation too.
/// 3. Sketches the rows that were there when it began, and has the writer store the sketches, some blocks at a time.
/// 4. Reads them back, in the order of the index, and has the writer put the generation in its place.
///
/// Rows inserted since then lie in pieces of their own. When they have become many, the index is put in order again: the last
/// step alone, with the partition and the sketches that are there.
///
/// A snapshot is held for one step only, so that the pages of older commits are used again meanwhile. A row that dies in
/// between leaves a sketch that searches ignore.
struct IndexBuilder {
    let published: PublishedState
    let writes: WriteQueue
    let builds: BuildQueue
    let counters: EngineCounters
    let kernels: Kernels
    let blas: BlasLibrary

    /// Rows that a step of training looks at.
    private static let trainingRows = 4_096
    /// Blocks whose sketches are stored by one commit: a quarter of a megabyte at 384 dimensions.
    private static let blocksPerCommit = 64

    /// Why a build ended before its end.
    private enum Failure: Error {
        /// The namespace, or the generation, is gone, or the service ends: nothing to be done.
        case abandoned
        case failed(CacheError)
    }

    /// Works until the queue is closed.
    func run() {
        while let content = builds.next() {
            do throws(Failure) {
                try build(content)
                builds.finish(content, failedAt: nil)
            } catch {
                var rowCount: Int?
                if case .failed = error {
                    counters.failedIndexBuilds.add(1)
                    rowCount = published.current.snapshot?.view[content]?.rowCount
                }
                builds.finish(content, failedAt: rowCount)
            }
            // A build takes memory and is done for long.
            allocator_give_back()
            // What grew while it was being built.
            _ = onWriter { $0.requestBuilds([content]) }
        }
    }

    private func build(_ content: ContentIdentifier) throws(Failure) {
        let isNew = try withIndex(content) { (index, _, _) throws(CacheError) in index.needsNewGeneration }
        isNew ? try buildGeneration(content) : try repack(content)
    }

    private func buildGeneration(_ content: ContentIdentifier) throws(Failure) {
        let partition = try train(content)
        guard let begun = onWriter({ $0.beginGeneration(partition, of: content) }), let begun else { throw .abandoned }
        try orAbandon(begun.number, content) { () throws(Failure) in
            try sketch(begun.rows, partition, content, begun.number)
            try finish(begun.rows, partition, content, begun.number)
        }
        counters.indexBuilds.add(1)
    }

    private func repack(_ content: ContentIdentifier) throws(Failure) {
        guard let begun = onWriter({ $0.beginRepacking(content) }), let begun else { throw .abandoned }
        try orAbandon(begun.generation.number, content) { () throws(Failure) in
            try finish(begun.rows, begun.generation.partition, content, begun.generation.number)
        }
        counters.indexRepacks.add(1)
    }

    private func orAbandon(
        _ number: UInt32, _ content: ContentIdentifier, _ body: () throws(Failure) -> Void
    ) throws(Failure) {
        do { try body() } catch {
            _ = onWriter { $0.abandonGeneration(number, of: content) }
            throw error
        }
    }

    // MARK: Steps

    private func train(_ content: ContentIdentifier) throws(Failure) -> PruningPartition {
        let builder = try withIndex(content) { (index, layout, _) throws(CacheError) in
            let rows = index.liveRows
            // Any seed will do; one that follows from the content makes a history repeatable.
            return PruningBuilder(
                dimension: layout.dimension, rows: rows, seed: UInt64(content.number) << 32 | UInt64(rows.count),
                kernels: kernels, blas: blas)
        }
        while true {
            if let partition = builder.partition { return partition }
            _ = try withIndex(content) { (index, _, _) throws(CacheError) in
                try builder.step(maximumRows: Self.trainingRows) { index.address($0) }
            }
        }
    }

    private func sketch(
        _ rows: [UInt32], _ partition: PruningPartition, _ content: ContentIdentifier, _ number: UInt32
    ) throws(Failure) {
        let sketchers = RowSketchers(kernels: kernels)
        var next = 0
        while next < rows.count {
            let (part, end) = try withIndex(content) { (index, layout, _) throws(CacheError) in
                let end = min(rows.count, next + Self.blocksPerCommit * layout.rowsPerBlock)
                return (try sketchers.sketch(rows[next..<end], of: index, partition), end)
            }
            try onWriterOrFail { (writer) throws(CacheError) in
                try writer.storeSketches(part, of: content, number)
            }
            next = end
        }
    }

    private func finish(
        _ rows: [UInt32], _ partition: PruningPartition, _ content: ContentIdentifier, _ number: UInt32
    ) throws(Failure) {
        let sketchers = RowSketchers(kernels: kernels)
        let (base, rest) = try withIndex(content) { (index, layout, snapshot) throws(CacheError) in
            // A transaction of its own: that of the snapshot is for lookups.
            let environment = try snapshot.read { (transaction) throws(CacheError) in transaction.environment }
            let loader = GenerationLoader(content: content, transaction: try environment.beginRead())
            let (base, missing) = try loader.build(number, partition, rows, layout)
            return (base, try sketchers.sketch(missing[...], of: index, partition))
        }
        try onWriterOrFail { (writer) throws(CacheError) in
            try writer.finishGeneration(number, base: base, rest: rest, of: content)
        }
    }

    // MARK: Views and the writer

    /// Lends the newest view of a content, and keeps the map under it in place meanwhile.
    private func withIndex<Value>(
        _ content: ContentIdentifier,
        _ body: (NamespaceIndex, BlockLayout, Snapshot) throws(CacheError) -> Value
    ) throws(Failure) -> Value {
        guard !builds.isClosed, let snapshot = published.current.snapshot, let index = snapshot.view[content],
            let layout = index.layout
        else { throw .abandoned }
        defer { withExtendedLifetime(snapshot) {} }
        do { return try body(index, layout, snapshot) } catch { throw .failed(error) }
    }

    /// Has something done on the writer thread and waits for it; nil when the writer ends.
    private func onWriter<Value: Sendable>(_ body: @escaping @Sendable (Writer) -> Value) -> Value? {
        let handoff = Handoff<Value>()
        guard writes.push({ handoff.put(body($0)) }) else { return nil }
        return handoff.take()
    }

    /// - Throws: `abandoned` when the writer says that the generation is gone, or ends.
    private func onWriterOrFail(
        _ body: @escaping @Sendable (Writer) throws(CacheError) -> Bool
    ) throws(Failure) {
        let result = onWriter { writer -> Result<Bool, CacheError> in
            do throws(CacheError) { return .success(try body(writer)) } catch { return .failure(error) }
        }
        switch result {
        case .success(true): return
        case .success(false), nil: throw .abandoned
        case .failure(let error): throw .failed(error)
        }
    }
}
