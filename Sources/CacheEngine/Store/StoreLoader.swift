package import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// A store as it was found, or made, and the index built from it.
package struct LoadedStore {
    package var environment: StorageEnvironment
    package var store: StoreRecord
    package var table: WatermarkTable
    package var view: StoreView
    package var report: OpeningReport
    /// Generations of search indexes that were never finished, or that another one has taken the place of.
    package var obsolete: [ObsoleteGeneration] = []
    /// The entries that may have to make room.
    package var ledger: UsageLedger
}

/// What opening a store came to.
package struct OpeningReport: Hashable, Sendable {
    package var isNew = false
    package var entryCount = 0
    package var namespaceCount = 0
    /// Entries whose record or block was damaged: they are gone.
    package var damagedEntryCount = 0
    package var isFenced = false
    /// Where the damaged store went that this one took the place of.
    package var quarantinedTo: String?
    /// Why it did.
    package var damage: CacheError?

    package init() {}
}

/// Opens the environment and builds the index: reads every namespace, watermark and entry, but no vector and no payload.
package struct StoreLoader {
    let configuration: EngineConfiguration
    let directory: DataDirectory

    /// Whether search indexes are brought back, or only read through.
    private let loadsGenerations: Bool

    package init(configuration: EngineConfiguration, directory: DataDirectory, loadsGenerations: Bool = true) {
        self.configuration = configuration
        self.directory = directory
        self.loadsGenerations = loadsGenerations
    }

    /// - Throws: `store-damaged` when the store's record or the watermarks cannot be read whole, `unsupported-format` for a
    ///   store of a newer version, `storage-failed`.
    package func load() throws(CacheError) -> LoadedStore {
        let isWhole = directory.holdsStore ? try directory.prepareDataFile() : true
        let environment = try StorageEnvironment(directory: directory.path, options: configuration.storage)
        try FormatUpgrade.current.run(in: environment)
        if !isWhole || configuration.isStrict {
            try StoreWalk(environment: environment, includesIndexes: configuration.isStrict).run()
        }
        let transaction = try environment.beginRead()
        guard let record = try transaction.value(.store, StorageKey.store) else {
            // A store without its record is either brand-new or has lost it.
            guard try transaction.recordCount(.entries) == 0, try transaction.recordCount(.namespaces) == 0,
                try transaction.recordCount(.watermarks) == 0
            else {
                throw CacheError(.storeDamaged, "the store's own record is missing")
            }
            return try create(environment)
        }
        let store = try StoreRecord(decoding: record)
        var report = OpeningReport()
        let table = try Self.loadTable(store, transaction)
        var damage = DamagedParts()
        // On a thread of its own, as both take their time and neither needs the other.
        let generations = loadsGenerations ? try readGenerations(of: table, environment) : nil
        defer { generations?.thread.join() }
        let ledger = UsageLedger(order: configuration.eviction.order)
        var view = try loadView(table, transaction, ledger, &report, &damage)
        ledger.finishLoading()
        let sketchers = RowSketchers(kernels: configuration.kernels)
        var obsolete: [ObsoleteGeneration] = []
        for (content, found) in try generations?.handoff.take()?.get() ?? [:] {
            guard var index = view[content] else { continue }
            view[content] = nil
            try index.load(found, sketchers)
            view[content] = index
            obsolete += found.obsolete
        }
        if !loadsGenerations { try readThroughGenerations(transaction) }
        report.damagedEntryCount = damage.entries.count
        do { try damage.remove(from: environment, view, store, sketchers) } catch {
            // What cannot be taken out of a store that has damage is more of it.
            throw CacheError(.storeDamaged, "damaged parts cannot be removed: \(error.message)", detail: error.detail)
        }
        report.isFenced = table.isFenced
        report.namespaceCount = table.namespaces.count { $0.value.record.content != nil }
        return LoadedStore(
            environment: environment, store: store, table: table, view: view, report: report, obsolete: obsolete,
            ledger: ledger)
    }

    private typealias Generations = [ContentIdentifier: GenerationLoader.Found]

    private func readGenerations(
        of table: WatermarkTable, _ environment: StorageEnvironment
    ) throws(CacheError) -> (thread: WorkerThread, handoff: Handoff<Result<Generations, CacheError>>) {
        let transaction = try environment.beginRead()
        let kernels = configuration.kernels
        let contents = table.namespaces.compactMap { _, namespace in
            namespace.record.content.map { ($0, namespace.record.settings.dimension) }
        }
        let handoff = Handoff<Result<Generations, CacheError>>()
        let thread = WorkerThread {
            var generations: Generations = [:]
            do throws(CacheError) {
                for (content, dimension) in contents {
                    let loader = GenerationLoader(content: content, transaction: transaction)
                    generations[content] = try loader.read(dimension.map(BlockLayout.init(dimension:)), kernels: kernels)
                }
                handoff.put(.success(generations))
            } catch { handoff.put(.failure(error)) }
        }
        return (thread, handoff)
    }

    /// Touches every page of the search indexes: whoever does so before somebody else finds out whether that is safe.
    private func readThroughGenerations(_ transaction: ReadTransaction) throws(CacheError) {
        for table in [Table.partitions, .sketches] {
            try transaction.forEach(table) { (_, value) throws(CacheError) -> Bool in
                var sum: UInt8 = 0
                for offset in stride(from: 0, to: value.count, by: 4_096) { sum ^= value[offset] }
                withExtendedLifetime(sum) {}
                return true
            }
        }
    }

    private func create(_ environment: StorageEnvironment) throws(CacheError) -> LoadedStore {
        let store = StoreRecord(incarnation: configuration.makeIncarnation())
        let transaction = try environment.beginWrite()
        try transaction.put(.store, StorageKey.store, store.encoded())
        try transaction.commit(.invalidation)
        var report = OpeningReport()
        report.isNew = true
        return LoadedStore(
            environment: environment, store: store, table: WatermarkTable(store: store), view: StoreView(), report: report,
            ledger: UsageLedger(order: configuration.eviction.order))
    }

    /// Gives a store that has lost or outlived what it knew a new incarnation, and fences it.
    package func fence(_ loaded: inout LoadedStore) throws(CacheError) {
        loaded.store.incarnation = configuration.makeIncarnation()
        loaded.store.sequence += 1
        loaded.store.lossSequence = loaded.store.sequence
        loaded.store.isFenced = true
        let transaction = try loaded.environment.beginWrite()
        try transaction.removeAll(.announcements)
        try transaction.put(.store, StorageKey.store, loaded.store.encoded())
        try transaction.commit(.invalidation)
        loaded.table = try Self.loadTable(loaded.store, loaded.environment.beginRead())
        loaded.report.isFenced = true
    }

    // MARK: Watermarks

    /// - Throws: `store-damaged` also when the watermarks do not add up to their digest: a lost page write leaves a valid file
    ///   with an old watermark in it, which nothing else would notice.
    static func loadTable(
        _ store: StoreRecord, _ transaction: ReadTransaction
    ) throws(CacheError) -> WatermarkTable {
        var table = WatermarkTable(store: store)
        var digest = WatermarkDigest()
        try transaction.forEach(.namespaces) { (key, value) throws(CacheError) -> Bool in
            guard let number: UInt32 = StorageKey.number(in: key, at: 0) else { throw RecordReader.damaged }
            let identifier = NamespaceIdentifier(number)
            let record = try NamespaceRecord(decoding: value, identifier)
            if record.isInDigest { digest.add(key: Array(key), record: record.digestBytes()) }
            table[identifier] = NamespaceWatermarks(record: record)
            return true
        }
        try transaction.forEach(.watermarks) { (key, value) throws(CacheError) -> Bool in
            let (identifier, watermarkKey) = try watermarkKey(key)
            let record = try WatermarkRecord(decoding: value)
            digest.add(key: Array(key), record: record.encoded())
            // A namespace's record is written together with its first watermark.
            guard table[identifier] != nil else { throw RecordReader.damaged }
            table[identifier]?[watermarkKey] = record
            return true
        }
        guard digest == store.digest else {
            throw CacheError(.storeDamaged, "the watermarks do not add up to their digest")
        }
        try transaction.forEach(.announcements) { (key, _) throws(CacheError) -> Bool in
            var reader = RecordReader(unsealed: key)
            let number = UInt32(bigEndian: UInt32(littleEndian: try reader.read(UInt32.self)))
            let source = try reader.readText(reader.remainingCount)
            table[NamespaceIdentifier(number)]?.announced.insert(Name(source))
            return true
        }
        return table
    }

    private static func watermarkKey(
        _ key: UnsafeRawBufferPointer
    ) throws(CacheError) -> (NamespaceIdentifier, WatermarkKey) {
        guard key.count > 5, let number: UInt32 = StorageKey.number(in: key, at: 0),
            let kind = WatermarkKind(rawValue: key[4])
        else { throw RecordReader.damaged }
        var reader = RecordReader(unsealed: UnsafeRawBufferPointer(rebasing: key[5...]))
        let identifier = NamespaceIdentifier(number)
        switch kind {
        case .source: return (identifier, .source(Name(try reader.readText(reader.remainingCount))))
        case .tag: return (identifier, .tag(Name(try reader.readText(reader.remainingCount))))
        case .scope:
            guard let fingerprint: UInt128 = StorageKey.number(in: key, at: 5) else { throw RecordReader.damaged }
            return (identifier, .scope(Scope(fingerprint)))
        }
    }

    // MARK: Entries

    private func loadView(
        _ table: WatermarkTable, _ transaction: ReadTransaction, _ ledger: UsageLedger, _ report: inout OpeningReport,
        _ damage: inout DamagedParts
    ) throws(CacheError) -> StoreView {
        var view = StoreView()
        for (_, namespace) in table.namespaces {
            guard let content = namespace.record.content else { continue }
            view[content] = try loadIndex(
                content, namespace.record.name, namespace.record.settings, transaction, ledger, &report, &damage)
        }
        return view
    }

    private func loadIndex(
        _ content: ContentIdentifier, _ name: String, _ settings: NamespaceSettings, _ transaction: ReadTransaction,
        _ ledger: UsageLedger, _ report: inout OpeningReport, _ damage: inout DamagedParts
    ) throws(CacheError) -> NamespaceIndex {
        var loading = NamespaceIndexLoading(NamespaceIndex(dimension: settings.dimension))
        let prefix = StorageKey.content(content)
        let isTracked = configuration.eviction.limits(name, settings)
        if isTracked { ledger.track(content, hasLimit: configuration.eviction.limitsNamespace(name, settings)) }
        if let layout = loading.index.layout {
            try transaction.forEach(.blocks, prefix: prefix) { (key, value) throws(CacheError) -> Bool in
                guard let number: UInt32 = StorageKey.number(in: key, at: 4),
                    Int(number) <= Limits.rowsPerNamespace / layout.rowsPerBlock
                else { throw RecordReader.damaged }
                if let rows = try? layout.rows(of: value, content: content, number: number) {
                    loading.addBlock(number, layout, rows: rows)
                } else {
                    loading.addDamagedBlock(number)
                }
                return true
            }
        }
        let evicted = try evictedSlots(content, loading.index.layout, transaction)
        let mergedUpTo = try mergedKeys(content, transaction)
        var recentKeys: TreeDictionary<RecentKeys.Name, UInt64> = [:]
        try transaction.forEach(.entries, prefix: prefix) { (key, value) throws(CacheError) -> Bool in
            guard let number: UInt64 = StorageKey.number(in: key, at: 4) else { throw RecordReader.damaged }
            let entry = EntryIdentifier(number)
            let summary = try? EntrySummary(decoding: value, entry)
            if let row = summary?.row, let layout = loading.index.layout,
                evicted[row / UInt32(layout.rowsPerBlock)]?[Int(row) % layout.rowsPerBlock] == true,
                loading.index[row / UInt32(layout.rowsPerBlock)] != nil
            {
                return true
            }
            guard let summary, loading.add(entry, summary) else {
                damage.entries.append((content, entry))
                return true
            }
            report.entryCount += 1
            if let mergedUpTo, number >= mergedUpTo, summary.hasKey, summary.row != nil,
                let record = try? EntryRecord(decoding: value, entry), let key = record.key
            {
                recentKeys[RecentKeys.Name(record.scope, key)] = number
            }
            if isTracked {
                let bytes = EntryFootprint.bytes(
                    recordBytes: value.count, payloadBytes: summary.payloadBytes, hasKey: summary.hasKey,
                    layout: summary.row == nil ? nil : loading.index.layout)
                ledger.load(
                    EntryUsage(
                        entry: number, content: content, bytes: bytes, costNanodollars: summary.costSavedNanodollars,
                        expiresAtMilliseconds: summary.expiresAt.milliseconds))
            }
            return true
        }
        var (index, damagedBlocks) = loading.finish()
        if let mergedUpTo { index.recentKeys = RecentKeys(mergedUpTo: mergedUpTo, entries: recentKeys) }
        damage.blocks += damagedBlocks.map { (content, $0) }
        return index
    }

    /// The number of the first entry whose key may not be in the table; nil when all are. Of a damaged record, the first there is.
    private func mergedKeys(
        _ content: ContentIdentifier, _ transaction: ReadTransaction
    ) throws(CacheError) -> UInt64? {
        let key = StorageKey.mergedKeys(content)
        guard let value = try transaction.value(.store, key) else { return nil }
        guard var reader = try? RecordReader(sealed: value, seed: Checksum.of(key)) else { return 0 }
        return (try? reader.read(UInt64.self)) ?? 0
    }

    /// By block. A record that is damaged is as none: its entries come back.
    private func evictedSlots(
        _ content: ContentIdentifier, _ layout: BlockLayout?, _ transaction: ReadTransaction
    ) throws(CacheError) -> [UInt32: EvictedSlots] {
        var evicted: [UInt32: EvictedSlots] = [:]
        guard let layout else { return evicted }
        try transaction.forEach(.evicted, prefix: StorageKey.content(content)) { (key, value) throws(CacheError) -> Bool in
            if let number: UInt32 = StorageKey.number(in: key, at: 4) {
                evicted[number] = try? EvictedSlots(decoding: value, key: Array(key), layout)
            }
            return true
        }
        return evicted
    }
}
