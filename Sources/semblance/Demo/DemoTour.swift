import CacheModel
import SemblanceClient

/// The steps of the demo, asked of a running service through its socket. What is shown is what it answered.
struct DemoTour {
    static let namespace = "demo"
    /// A choice for this encoder and these questions; see `Demo/README.md`.
    static let threshold: Float = 0.9

    let service: SemblanceClient
    let data: DemoData
    var screen = DemoScreen()

    init(service: SemblanceClient, data: DemoData) {
        self.service = service
        self.data = data
    }

    /// - Throws: `internal-error` when an answer is not the one that the step is about.
    mutating func run() async throws {
        try await load()
        try await hit()
        try await miss()
        try await nearMiss()
        try await invalidation()
        try await lateInsert()
        try await freshSecond()
    }

    private mutating func load() async throws {
        screen.step(
            "Import",
            "Answers to support questions, with embeddings of all-MiniLM-L6-v2 and the sources of each answer.")
        let settings = NamespaceSettings(model: "all-MiniLM-L6-v2", threshold: Self.threshold)
        try await service.createNamespace(Self.namespace, settings: settings)
        let lease = try await service.lease(in: Self.namespace)
        var source = try ImportSource(data.support, payloads: nil)
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0
        while let batch = try source.next(rowLimit: Limits.batchCount, now: .now, lease: lease) {
            let outcomes = try await service.insert(
                batch.insertions.map(\.insertion), in: Self.namespace, model: settings.model)
            for case .refused(let error) in outcomes { throw error }
            if let refused = batch.unreadable.first { throw refused.error }
            count += outcomes.count
        }
        let elapsed = clock.now - start
        screen.line("stored", "\(NumberText.count(count, "answer", "answers")), durably", .green)
        screen.time("took", elapsed)
        screen.command(["namespace", "list"])
    }

    private mutating func hit() async throws {
        let (row, query) = try data.query("semantic-hit")
        screen.step("A semantic hit", query.shows)
        _ = try await expectHit(row, matching: query.matches)
        screen.command(lookup(row))
    }

    private mutating func miss() async throws {
        let (row, query) = try data.query("miss")
        screen.step("A miss", query.shows)
        try await expectMiss(row, .belowThreshold)
        screen.command(lookup(row))
    }

    private mutating func nearMiss() async throws {
        let (row, query) = try data.query("below-threshold")
        screen.step("A near miss", query.shows)
        try await expectMiss(row, .belowThreshold)
        screen.command(lookup(row) + ["--threshold", "0.85"])
    }

    private mutating func invalidation() async throws {
        let (row, query) = try data.query("invalidation")
        screen.step("An invalidation", query.shows)
        _ = try await expectHit(row, matching: query.matches)
        try await announce(query)
        try await expectMiss(row, .stale)
        screen.command(lookup(row))
    }

    private mutating func lateInsert() async throws {
        let (row, query) = try data.query("late-insert")
        screen.step("A late insert", query.shows)
        let payload = query.payload ?? ""
        let dependencies = try (query.dependencies ?? []).map { text throws(CacheError) in
            try DependencyText.parse(text)
        }
        let insertion = Insertion(
            vector: data.vectors[row], prompt: query.prompt, text: payload, dependencies: dependencies)
        let answer = try await service.measured { try await service.insert([insertion], in: Self.namespace) }
        screen.line(
            "insert", "\"\(query.prompt)\", built from \(dependencies.map(DependencyText.text).joined(separator: " "))")
        guard case .refused(let error)? = answer.value.first, error.code == .staleDependency else {
            throw unexpected("the late insert was not refused as stale")
        }
        screen.line("refused", error.description, .red)
        screen.time("took", answer.roundTrip)
        screen.command(
            ["insert"] + vector(row) + ["--payload", payload]
                + dependencies.flatMap { ["--depends-on", DependencyText.text($0)] })
    }

    private mutating func freshSecond() async throws {
        let (row, query) = try data.query("fresh-second")
        screen.step("A fresh second best", query.shows)
        let before = try await expectHit(row, matching: query.matches)
        try await announce(query)
        let after = try await expectHit(row, matching: nil)
        guard after.entry.identifier != before.entry.identifier else {
            throw unexpected("the stale answer was served again")
        }
        screen.command(lookup(row) + ["--neighbors", "3"])
    }

    // MARK: What the steps are made of

    private func expectHit(_ row: Int, matching prompt: String?) async throws -> Hit {
        let answer = try await ask(row)
        guard let hit = answer.value.hit, prompt == nil || hit.entry.prompt == prompt else {
            throw unexpected("'\(data.queries[row].prompt)' was not the hit that it should be")
        }
        screen.line("hit", "\"\(hit.entry.prompt ?? "")\"  similarity \(NumberText.similarity(hit.similarity))", .green)
        screen.line("from", hit.entry.dependencies.map(DependencyText.text).joined(separator: " "))
        screen.line("answer", EntryText.brief(hit.text ?? ""))
        screen.time("took", answer.roundTrip, search: answer.value.searchNanoseconds)
        return hit
    }

    private func expectMiss(_ row: Int, _ reason: Miss.Reason) async throws {
        let answer = try await ask(row)
        // What is stale is removed within milliseconds: then nothing is near that it could be the reason of.
        let reasons: Set<Miss.Reason> = reason == .stale ? [.stale, .belowThreshold, .nothingStored] : [reason]
        guard case .miss(let miss) = answer.value.outcome, reasons.contains(miss.reason) else {
            throw unexpected("'\(data.queries[row].prompt)' was not the miss that it should be")
        }
        screen.line("miss", LookupText.explanation(miss), .yellow)
        screen.time("took", answer.roundTrip, search: answer.value.searchNanoseconds)
    }

    private func ask(_ row: Int) async throws -> Measured<LookupReply> {
        screen.line("ask", "\"\(data.queries[row].prompt)\"")
        let lookup = Lookup(vector: data.vectors[row])
        return try await service.measured { try await service.lookup(lookup, in: Self.namespace) }
    }

    private func announce(_ query: DemoData.Query) async throws {
        guard let text = query.invalidate,
            case .ordered(let version, let generation) = try DependencyText.parse(text).version
        else { throw unexpected("the query '\(query.name)' announces no version") }
        let invalidation = Invalidation(
            source: try DependencyText.parse(text).source, change: .version(version, generation: generation))
        let answer = try await service.measured {
            try await service.invalidate(invalidation, in: Self.namespace)
        }
        screen.line("announce", "\(text), acknowledged at position \(answer.value.position)")
        screen.time("took", answer.roundTrip)
    }

    private func vector(_ row: Int) -> [String] { ["--vector-file", data.queryVectors, "--row", "\(row)"] }
    private func lookup(_ row: Int) -> [String] { ["lookup"] + vector(row) }

    private func unexpected(_ message: String) -> CacheError {
        CacheError(.internalError, "the demo did not go well: \(message)")
    }
}
