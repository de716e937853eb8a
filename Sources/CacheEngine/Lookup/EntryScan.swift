package import CacheModel
internal import CacheStorage

/// Reads a page of a namespace's entries in the order of their numbers, for an export or a move to another embedding
/// model.
///
/// Bounded in what it looks at and in what it returns, and in how long it keeps the snapshot's transaction from others:
/// pages of a large namespace take their turns with lookups.
struct EntryScan {
    let snapshot: Snapshot
    let content: ContentIdentifier
    let scan: Scan
    let now: Timestamp
    let table: WatermarkTable
    let namespace: NamespaceWatermarks?

    /// Records read in one go.
    private static let stepEntries = 64

    /// An entry that was found, nil for its record when that is damaged.
    private struct Found {
        var identifier: EntryIdentifier
        var record: EntryRecord?
    }

    /// - Returns: entries with their bases, which must be checked once more when everything is read; `position` is not
    ///   set.
    func run() throws(CacheError) -> (page: ScanPage, bases: [EntryBasis]) {
        var page = ScanPage(
            entries: [], last: scan.after, isAtEnd: false, newest: try newest(), position: .zero)
        var bases: [EntryBasis] = []
        var (bytes, looked) = (0, 0)
        while looked < Limits.scanStepEntries {
            let found = try step(after: page.last)
            for entry in found {
                looked += 1
                if let record = judge(entry, &page.passedOver) {
                    let size = self.bytes(record)
                    guard page.entries.isEmpty || bytes + size <= Limits.scanPageBytes else { return (page, bases) }
                    if let scanned = read(entry.identifier, record) {
                        bytes += size
                        page.entries.append(scanned)
                        bases.append(EntryBasis(record))
                    } else {
                        page.passedOver.damaged += 1
                    }
                }
                page.last = entry.identifier
                if page.entries.count == scan.limit { return (page, bases) }
            }
            guard found.count == Self.stepEntries else {
                page.isAtEnd = true
                break
            }
        }
        return (page, bases)
    }

    private func newest() throws(CacheError) -> EntryIdentifier {
        try snapshot.read { (transaction) throws(CacheError) -> EntryIdentifier in
            guard let value = try transaction.value(.store, StorageKey.store) else { throw RecordReader.damaged }
            return EntryIdentifier(try StoreRecord(decoding: value).nextEntry - 1)
        }
    }

    private func step(after last: EntryIdentifier) throws(CacheError) -> [Found] {
        let (first, overflow) = last.number.addingReportingOverflow(1)
        guard !overflow else { return [] }
        let prefix = StorageKey.content(content)
        return try snapshot.read { (transaction) throws(CacheError) -> [Found] in
            var found: [Found] = []
            try transaction.forEach(.entries, from: StorageKey.entry(content, EntryIdentifier(first))) {
                (key, value) throws(CacheError) -> Bool in
                guard key.starts(with: prefix), let number: UInt64 = StorageKey.number(in: key, at: 4) else {
                    return false
                }
                let entry = EntryIdentifier(number)
                found.append(Found(identifier: entry, record: try? EntryRecord(decoding: value, entry)))
                return found.count < Self.stepEntries
            }
            return found
        }
    }

    /// - Returns: the record of an entry that is wanted.
    private func judge(_ entry: Found, _ passedOver: inout ScanPage.PassedOver) -> EntryRecord? {
        guard let record = entry.record else {
            passedOver.damaged += 1
            return nil
        }
        // What remains of an evicted entry.
        guard snapshot.view[content]?.holds(entry.identifier, row: record.row) == true else { return nil }
        guard scan.scope == nil || scan.scope == record.scope else { return nil }
        guard !scan.includesUnservable else { return record }
        guard record.expiresAt > now else {
            passedOver.expired += 1
            return nil
        }
        guard table.refusal(of: EntryBasis(record), in: namespace) == nil else {
            passedOver.stale += 1
            return nil
        }
        return record
    }

    private func bytes(_ record: EntryRecord) -> Int {
        var bytes = Int(record.promptBytes ?? 0)
        if !scan.omitsPayloads { bytes += Int(record.payloadBytes) }
        if !scan.omitsVectors, record.row != nil { bytes += (snapshot.view[content]?.layout?.dimension ?? 0) * 4 }
        return bytes
    }

    /// - Returns: nil when the prompt, the payload or the vector is damaged.
    private func read(_ identifier: EntryIdentifier, _ record: EntryRecord) -> ScannedEntry? {
        var vector: [Float]?
        if !scan.omitsVectors, let row = record.row {
            vector = self.vector(row, identifier)
            if vector == nil { return nil }
        }
        guard let stored = try? snapshot.payload(content, identifier, record, isWanted: !scan.omitsPayloads) else {
            return nil
        }
        let entry = StoredEntry(record, identifier, prompt: stored.prompt, payload: stored.payload, now: now)
        return ScannedEntry(entry: entry, fillSequence: record.fillSequence, vector: vector)
    }

    private func vector(_ row: UInt32, _ entry: EntryIdentifier) -> [Float]? {
        guard let index = snapshot.view[content], let layout = index.layout else { return nil }
        let slot = Int(row) % layout.rowsPerBlock
        guard let rows = index[row / UInt32(layout.rowsPerBlock)]?.rows,
            layout.isIntact(rows: rows, slot: slot, entry: entry)
        else { return nil }
        return Array(UnsafeBufferPointer(start: rows + slot * layout.stride, count: layout.dimension))
    }
}
