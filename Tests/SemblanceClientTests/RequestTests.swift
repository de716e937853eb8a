import CacheModel
import CacheProtocol
import SemblanceClient
import Testing

/// Each method of the client sends its request and gives back its reply.
@Suite(.timeLimit(.minutes(10)))
struct RequestTests {
    private let namespace = NamespaceDescription(
        name: "n", settings: NamespaceSettings(dimension: 3), entryCount: 1, rowCount: 2, scopeCount: 3,
        watermarkCount: 4)
    private let purged = PurgeReceipt(entryCount: 3, position: Position(incarnation: 7, sequence: 4))
    private let refusal = CacheError(.kindMismatch, "no", detail: ["source": "s"])

    /// - Returns: what the client made of the reply to the request that it is expected to send.
    private func exchange<Value: Sendable>(
        _ request: Request, _ reply: Reply, _ location: SourceLocation = #_sourceLocation,
        _ call: @escaping @Sendable (SemblanceClient) async throws -> Value
    ) async throws -> Value {
        let queue = ArrivalQueue()
        return try await withService(script: queue.script) { client, _ in
            let value = Task { try await call(client) }
            let arrival = try await queue.next()
            #expect(arrival.request == request, sourceLocation: location)
            arrival.reply(reply)
            return try await value.value
        }
    }

    /// The one item of the reply is refused, so the call is.
    private func expectRefusal(
        _ request: Request, _ reply: Reply, _ location: SourceLocation = #_sourceLocation,
        _ call: @escaping @Sendable (SemblanceClient) async throws -> Void
    ) async throws {
        let error: CacheError? = try await exchange(request, reply, location) { client in
            do {
                try await call(client)
                return nil
            } catch let error as CacheError {
                return error
            }
        }
        #expect(error == refusal, sourceLocation: location)
    }

    @Test func statisticsAndLiftingTheFenceAreAskedForAndAnswered() async throws {
        #expect(try await exchange(.statistics, .statistics("{}")) { try await $0.statistics() } == "{}")
        let position = Position(incarnation: 7, sequence: 4)
        #expect(try await exchange(.liftFence, .liftFence(position)) { try await $0.liftFence() } == position)
    }

    @Test func namespacesAreMadeListedAndDropped() async throws {
        let settings = NamespaceSettings(dimension: 3)
        let create = Request.createNamespace(CreateNamespaceRequest(name: "n", settings: settings))
        let created = try await exchange(create, .createNamespace(namespace)) {
            try await $0.createNamespace("n", settings: settings)
        }
        #expect(created == namespace)
        let listed = try await exchange(.listNamespaces, .listNamespaces([namespace])) { try await $0.namespaces() }
        #expect(listed == [namespace])
        let dropped = try await exchange(.dropNamespace("n"), .dropNamespace(purged)) {
            try await $0.dropNamespace("n")
        }
        #expect(dropped == purged)
    }

    @Test func aLookupGivesItsReplyOrThrowsItsRefusal() async throws {
        let lookup = Lookup(key: ExactKey(4), vector: [1, 0])
        let request = Request.lookup(LookupRequest(namespace: "n", [lookup]))
        let hit = try await exchange(request, .lookup([.hit(Array("yes".utf8))])) {
            try await $0.lookup(lookup, in: "n")
        }
        #expect(hit.text == "yes")
        #expect(hit.hit?.similarity == 0.97)

        var refused = LookupReply.miss
        refused.outcome = .refused(refusal)
        try await expectRefusal(request, .lookup([refused])) { _ = try await $0.lookup(lookup, in: "n") }
        let batch = Request.lookup(LookupRequest(namespace: "n", [lookup, lookup]))
        let replies = try await exchange(batch, .lookup([.miss, refused])) {
            try await $0.lookup([lookup, lookup], in: "n")
        }
        #expect(replies == [.miss, refused])
        #expect(replies[0].hit == nil && replies[0].text == nil)
    }

    @Test func anInsertionGivesItsEntryOrThrowsItsRefusal() async throws {
        let insertion = Insertion(key: ExactKey(4), text: "yes", dependencies: [Dependency("s", .ordered(4))])
        #expect(insertion.payload == Array("yes".utf8))
        let request = Request.insert(InsertRequest(namespace: "n", model: "m", [insertion]))
        let stored = InsertOutcome.stored(EntryIdentifier(8), replaced: EntryIdentifier(7))
        let identifier = try await exchange(request, .insert([stored])) {
            try await $0.insert(insertion, in: "n", model: "m")
        }
        #expect(identifier == EntryIdentifier(8))
        try await expectRefusal(request, .insert([.refused(refusal)])) {
            try await $0.insert(insertion, in: "n", model: "m")
        }
        let batch = Request.insert(InsertRequest(namespace: "n", [insertion, insertion]))
        let outcomes = [stored, .refused(refusal)]
        let got = try await exchange(batch, .insert(outcomes)) { try await $0.insert([insertion, insertion], in: "n") }
        #expect(got == outcomes)
    }

    @Test func entriesAreFetchedAndDeletedByNumber() async throws {
        let entry = StoredEntry.sample(EntryIdentifier(8))
        let get = Request.get(GetRequest(namespace: "n", scope: Scope(1), entry: EntryIdentifier(8)))
        let got = try await exchange(get, .get(entry)) {
            try await $0.entry(EntryIdentifier(8), in: "n", scope: Scope(1))
        }
        #expect(got == entry)
        let identifiers = [EntryIdentifier(8), EntryIdentifier(9)]
        let delete = Request.delete(DeleteRequest(namespace: "n", entries: identifiers))
        let found = try await exchange(delete, .delete([true, false])) { try await $0.delete(identifiers, in: "n") }
        #expect(found == [true, false])
    }

    @Test func newsPurgesAndLeasesAreAskedForAndAnswered() async throws {
        let news = Invalidation(source: "s", change: .version(42))
        let receipt = InvalidationReceipt(
            changed: true, position: purged.position, state: SourceState(version: .ordered(42), lastSequence: 4))
        let request = Request.invalidate(InvalidateRequest(namespace: "n", [news]))
        let got = try await exchange(request, .invalidate([.success(receipt)])) {
            try await $0.invalidate(news, in: "n")
        }
        #expect(got == receipt)
        try await expectRefusal(request, .invalidate([.failure(refusal)])) { try await $0.invalidate(news, in: "n") }
        let purge = Request.purge(PurgeRequest(namespace: "n", .tag("t")))
        #expect(try await exchange(purge, .purge(purged)) { try await $0.purge(.tag("t"), in: "n") } == purged)
        let lease = Request.lease(LeaseRequest(namespace: "n", sources: ["s"]))
        let leased = try await exchange(lease, .lease(LeaseReply(lease: .sample, sources: [receipt.state]))) {
            try await $0.lease(in: "n", sources: ["s"])
        }
        #expect(leased.lease == .sample)
        #expect(leased.states == [receipt.state])
    }

    @Test func anEmptyBatchAsksNobody() async throws {
        let client = try SemblanceClient(address: .network(host: "127.0.0.1", port: 1))
        #expect(try await client.lookup([], in: "n").isEmpty)
        #expect(try await client.insert([], in: "n").isEmpty)
        #expect(try await client.delete([], in: "n").isEmpty)
        #expect(try await client.invalidate([], in: "n").isEmpty)
        await client.close()
    }
}
