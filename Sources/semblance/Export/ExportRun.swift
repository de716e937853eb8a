import CacheModel

/// Where an export reads: a service, or a test's idea of one.
protocol ScanSource: Sendable {
    func scan(_ scan: Scan) async throws -> ScanPage
}

/// Reads a namespace page by page and hands every entry over. Entries that are stored meanwhile are left out, so that
/// it ends.
struct ExportRun {
    let source: any ScanSource
    var scan: Scan
    private(set) var entryCount = 0
    private(set) var passedOver = ScanPage.PassedOver()
    /// Where the store stood at the first page.
    private(set) var position: Position?

    init(source: any ScanSource, scan: Scan) {
        self.source = source
        self.scan = scan
    }

    /// - Parameters:
    ///   - begin: called before the first entry.
    ///   - take: called for every entry, in the order of their numbers.
    ///   - onProgress: called after each page; false ends the run.
    /// - Returns: whether everything was read.
    /// - Throws: what the closures throw; `bad-lease` when another store has taken the place of the first.
    mutating func run(
        isolation: isolated (any Actor)? = #isolation,
        begin: (Position) throws -> Void, take: (ScannedEntry, _ incarnation: UInt64) throws -> Void,
        onProgress: (ExportRun) -> Bool
    ) async throws -> Bool {
        var end: EntryIdentifier?
        while true {
            let page = try await source.scan(scan)
            let last = end ?? page.newest
            end = last
            if let position {
                guard position.incarnation == page.position.incarnation else {
                    throw CacheError(
                        .badLease, "another store has taken the place of the one that the export began with")
                }
            } else {
                position = page.position
                try begin(page.position)
            }
            for entry in page.entries where entry.entry.identifier <= last {
                try take(entry, page.position.incarnation)
                entryCount += 1
            }
            passedOver += page.passedOver
            scan.after = page.last
            let isWanted = onProgress(self)
            if page.isAtEnd || page.last >= last { return true }
            guard isWanted else { return false }
        }
    }
}
