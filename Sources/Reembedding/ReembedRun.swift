package import CacheModel

/// Moves entries from one namespace to another with embeddings of another model, page by page, and keeps account of it.
///
/// The namespace that they go to must follow the other one already. Then an entry whose source changes between the
/// reading and the storing is refused, and a change after that hits the copy in the moment when it hits the entry: the
/// copy is stored under a lease of the entry's own sequence, so both are judged alike.
package struct ReembedRun {
    /// Before entries without a key are stored, which pages are looked through for copies that are there already. (An
    /// entry with a key takes its own place.)
    package enum CopySearch: Hashable, Sendable {
        /// Nothing has been moved yet.
        case none
        /// A run was cut off, perhaps between storing a page and noting it.
        case firstPage
        /// Entries may have been moved, and nobody noted how many.
        case everyPage
    }

    package struct Settings: Sendable {
        /// Entries of a page.
        package var pageEntries = Limits.batchCount
        /// Prompts in a request to the embedder.
        package var promptBatch = 64
        /// Requests to the embedder at once.
        package var requestLimit = 4
        package var copySearch = CopySearch.none

        package init() {}
    }

    private let service: any ReembedService
    private let embedder: any PromptEmbedding
    private let to: String
    private var settings: Settings
    package private(set) var state: ReembedState
    /// The newest entry when the run began: it goes no farther.
    private var end: EntryIdentifier?

    package init(
        service: any ReembedService, embedder: any PromptEmbedding, state: ReembedState, settings: Settings = .init()
    ) {
        self.service = service
        self.embedder = embedder
        to = state.to
        self.state = state
        self.settings = settings
    }

    /// - Parameter onProgress: called when a page is done; false ends the run.
    /// - Returns: whether everything that was there at the beginning is done.
    /// - Throws: `CacheError` when the service or the embedder cannot go on. What is done is in `state` all the same.
    package mutating func run(
        isolation: isolated (any Actor)? = #isolation, onProgress: (ReembedState) throws -> Bool
    ) async throws -> Bool {
        while true {
            let scan = Scan(after: EntryIdentifier(state.last), limit: settings.pageEntries, omitsVectors: true)
            let page = try await service.scan(scan)
            guard page.position.incarnation.hexadecimal == state.incarnation else {
                throw CacheError(.badLease, "another store has taken the place of the one that the move began in")
            }
            let last = end ?? page.newest
            end = last
            try await move(page.entries.filter { $0.entry.identifier <= last }, page.position)
            state.last = min(page.last, last).number
            if settings.copySearch == .firstPage { settings.copySearch = .none }
            let isWanted = try onProgress(state)
            if page.isAtEnd || page.last >= last { return true }
            guard isWanted else { return false }
        }
    }

    // MARK: A page

    private mutating func move(_ entries: [ScannedEntry], _ position: Position) async throws {
        var insertions: [(insertion: Insertion, isMoved: Bool)] = []
        let texts = entries.compactMap(Self.text)
        let embedded = try await embed(texts)
        var tally = state.tally
        tally.tokenCount += embedded.tokenCount
        for entry in entries {
            let vector = Self.text(entry).flatMap { embedded.vectors[$0] }
            guard vector != nil || entry.entry.key != nil,
                let insertion = entry.insertion(into: to, from: position.incarnation, at: position, vector: vector)
            else {
                tally.leftOutCount += 1
                continue
            }
            insertions.append((insertion, vector != nil))
        }
        if settings.copySearch != .none {
            let count = insertions.count
            insertions = try await withoutCopies(insertions)
            tally.alreadyThereCount += count - insertions.count
        }
        try await store(insertions, &tally)
        state.tally = tally
    }

    /// What there is to embed of an entry: nil where it had no vector, or where nobody kept its prompt.
    private static func text(_ entry: ScannedEntry) -> String? {
        guard entry.entry.norm != nil, let prompt = entry.entry.prompt, !prompt.isEmpty else { return nil }
        return prompt
    }

    private func embed(_ texts: [String]) async throws -> (vectors: [String: [Float]], tokenCount: Int) {
        // Prompts that look alike to Swift may be different bytes; they get each other's vector, which means the same.
        let distinct = Array(Set(texts)).sorted()
        let batches = stride(from: 0, to: distinct.count, by: settings.promptBatch).map {
            Array(distinct[$0..<min(distinct.count, $0 + settings.promptBatch)])
        }
        var vectors: [String: [Float]] = [:]
        var tokenCount = 0
        let (embedder, limit) = (embedder, settings.requestLimit)
        try await withThrowingTaskGroup(of: ([String], EmbeddedPrompts).self) { group in
            for (index, batch) in batches.enumerated() {
                if index >= limit, let (texts, prompts) = try await group.next() {
                    vectors.merge(zip(texts, prompts.vectors)) { $1 }
                    tokenCount += prompts.tokenCount
                }
                group.addTask { (batch, try await embedder.embed(batch)) }
            }
            for try await (texts, prompts) in group {
                vectors.merge(zip(texts, prompts.vectors)) { $1 }
                tokenCount += prompts.tokenCount
            }
        }
        return (vectors, tokenCount)
    }

    /// Entries with a key take their own place when they are stored twice; others are looked for.
    private func withoutCopies(
        _ insertions: [(insertion: Insertion, isMoved: Bool)]
    ) async throws -> [(insertion: Insertion, isMoved: Bool)] {
        let asked = insertions.indices.filter { insertions[$0].insertion.key == nil }
        guard !asked.isEmpty else { return insertions }
        let replies = try await service.lookup(
            asked.map { index in
                let insertion = insertions[index].insertion
                return Lookup(
                    scope: insertion.scope, vector: insertion.vector, threshold: 0.9999,
                    neighbors: Limits.neighborsRange.upperBound, omitsPayload: true)
            })
        var copies = Set<Int>()
        for (index, reply) in zip(asked, replies) {
            guard case .hits(let hits) = reply.outcome else { continue }
            let insertion = insertions[index].insertion
            let isThere = hits.contains { hit in
                hit.entry.createdAt == insertion.createdAt && hit.entry.prompt == insertion.prompt
                    && hit.entry.payloadBytes == insertion.payload.count
            }
            if isThere { copies.insert(index) }
        }
        return insertions.indices.filter { !copies.contains($0) }.map { insertions[$0] }
    }

    private func store(
        _ insertions: [(insertion: Insertion, isMoved: Bool)], _ tally: inout ReembedTally
    ) async throws {
        var waiting = insertions
        var waitMilliseconds = 20
        while !waiting.isEmpty {
            var busy: [(insertion: Insertion, isMoved: Bool)] = []
            do {
                let outcomes = try await service.insert(waiting.map(\.insertion))
                for (item, outcome) in zip(waiting, outcomes) {
                    switch outcome {
                    case .stored where item.isMoved: tally.movedCount += 1
                    case .stored: tally.keptByKeyCount += 1
                    case .refused(let error):
                        switch error.code {
                        case .overloaded: busy.append(item)
                        case .superseded: tally.alreadyThereCount += 1
                        case .staleDependency, .leaseRequired, .kindMismatch: tally.outdatedCount += 1
                        // An expiry that has passed meanwhile; everything else about the entry was accepted once.
                        case .invalidArgument: tally.outdatedCount += 1
                        default: throw error
                        }
                    }
                }
            } catch let error as CacheError where error.code == .overloaded {
                busy = waiting
                waitMilliseconds = max(waitMilliseconds, error.detail["retry-after-ms"].flatMap { Int($0) } ?? 0)
            }
            waiting = busy
            guard !waiting.isEmpty else { return }
            try await service.pause(milliseconds: min(waitMilliseconds, 2_000))
            waitMilliseconds = min(waitMilliseconds, 1_000) * 2
        }
    }
}
