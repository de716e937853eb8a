internal import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// The only one that changes the store: begins, commits and publishes, all on the writer thread.
///
/// Invariants: `view` is the view of the last commit; `durableTable` is what the disk holds and `table` what lookups see; the two
/// differ only in the keys of `unwritten`, and there only after a failed commit.
///
/// `@unchecked Sendable`: after `init` it is used by the writer thread only.
package final class Writer: @unchecked Sendable {
    let configuration: EngineConfiguration
    let directory: DataDirectory
    let published: PublishedState
    let counters: EngineCounters
    let queue: WriteQueue
    /// Nil only after the store could not be opened anew.
    var environment: StorageEnvironment?
    var store: StoreRecord
    var view: StoreView
    var table: WatermarkTable
    var durableTable: WatermarkTable
    var unwritten = WatermarkChanges()
    /// Set when a commit is good but could not be shown. Like a failed write, it asks for a new start.
    var mustReopen = false
    var reclaimer = ReclaimCursor()
    let builds: BuildQueue
    let sketchers: RowSketchers
    /// What eviction decides by: as of the last commit, but for what the transaction under way has changed.
    var ledger: UsageLedger
    let hits: HitLogs
    let emptiestBlocks = EmptiestBlocks()
    /// Generations whose sketches are to be deleted.
    var obsolete: [ObsoleteGeneration]
    private var snapshots: [WeakSnapshot] = []

    private struct WeakSnapshot {
        weak var snapshot: Snapshot?
    }

    package init(
        configuration: EngineConfiguration, directory: DataDirectory, loaded: LoadedStore, published: PublishedState,
        counters: EngineCounters, queue: WriteQueue, builds: BuildQueue, hits: HitLogs
    ) {
        self.configuration = configuration
        self.directory = directory
        self.published = published
        self.counters = counters
        self.queue = queue
        self.builds = builds
        self.hits = hits
        sketchers = RowSketchers(kernels: configuration.kernels)
        ledger = loaded.ledger
        obsolete = loaded.obsolete
        environment = loaded.environment
        store = loaded.store
        view = loaded.view
        table = loaded.table
        durableTable = loaded.table
        if let snapshot = published.current.snapshot { snapshots.append(WeakSnapshot(snapshot: snapshot)) }
    }

    // MARK: The writer thread

    /// Works until the queue is closed and empty.
    package func run() {
        requestBuilds(Array(view.contents.keys))
        while true {
            switch queue.next(timeoutMilliseconds: reclaimer.waitMilliseconds(configuration)) {
            case .invalidations(let writes): commitInvalidations(writes)
            case .group(let writes): commitGroup(writes)
            case .idle: reclaimStep()
            case .step(let body): body(self)
            case .closed:
                published.publish(nil, table)
                view = StoreView()
                environment = nil
                directory.release()
                return
            }
            if reclaimer.isOverdue(configuration) { reclaimStep() }
        }
    }

    // MARK: Committing

    /// A transaction to edit the last commit's state.
    func beginEditing() throws(CacheError) -> StoreEditor {
        if mustReopen || environment?.hasFailed ?? true { try reopen() }
        guard let environment else { throw CacheError(.storageFailed, "the store could not be opened again") }
        // Of a transaction that was not committed.
        ledger.rollBack()
        return StoreEditor(
            transaction: try environment.beginWrite(), view: view, store: store, sketchers: sketchers, ledger: ledger,
            emptiestBlocks: emptiestBlocks, leastRecentKeys: configuration.leastRecentKeys)
    }

    /// Commits what the editor did, then publishes it together with the table.
    func commit(
        _ editor: StoreEditor, _ purpose: CommitPurpose, table newTable: WatermarkTable,
        durableTable newDurableTable: WatermarkTable
    ) throws(CacheError) {
        editor.store.nextNamespace = newTable.nextNamespace
        try editor.finish()
        let start = MonotonicTime.now
        try editor.transaction.commit(purpose)
        counters.timings.committed(purpose, since: start)
        ledger.commit()
        counters.trackedBytes.set(ledger.totals.byteCount)
        store = editor.store
        table = newTable
        durableTable = newDurableTable
        do {
            let transaction = try editor.transaction.environment.beginRead()
            view = try editor.committedView(transaction)
            let snapshot = Snapshot(view: view, transaction: transaction)
            snapshots.removeAll { $0.snapshot == nil }
            snapshots.append(WeakSnapshot(snapshot: snapshot))
            published.publish(snapshot, table)
            requestBuilds(Array(editor.grown))
        } catch {
            // The commit is good but cannot be shown: lookups go on with the older snapshot and the newest table.
            mustReopen = true
            published.publish(table)
        }
    }

    /// The oldest commit that a search, or a backup in another process, may still look at.
    var oldestReader: Int {
        min(snapshots.compactMap { $0.snapshot?.commitNumber }.min() ?? .max, environment?.oldestReader ?? .max)
    }

    /// Closes the environment and opens it again: after a failed write only what the disk says counts.
    private func reopen() throws(CacheError) {
        published.publish(nil, table)
        snapshots = []
        view = StoreView()
        // Searches hold a snapshot for milliseconds. LMDB must not have a file open twice in a process, so wait for the last.
        while environment != nil, !isKnownUniquelyReferenced(&environment) { Nap.millisecond() }
        environment = nil
        let loaded = try StoreLoader(configuration: configuration, directory: directory).load()
        environment = loaded.environment
        store = loaded.store
        view = loaded.view
        obsolete = loaded.obsolete
        ledger = loaded.ledger
        durableTable = loaded.table
        // Memory keeps what it was told, as it has refused answers on the strength of it; only what is on the disk is durable.
        // A commit whose sync failed may be there, in memory alone: it counts when it was written again.
        table.durableSequence = min(table.durableSequence, loaded.table.sequence)
        let snapshot = Snapshot(view: view, transaction: try loaded.environment.beginRead())
        snapshots = [WeakSnapshot(snapshot: snapshot)]
        published.publish(snapshot, table)
        mustReopen = false
        requestBuilds(Array(view.contents.keys))
    }
}
