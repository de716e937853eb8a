import CacheModel
import CacheProtocol

/// The values that the fixtures in `Tests/Fixtures/frames` spell out byte by byte.
enum GoldenFrames {
    struct GoldenRequest {
        var name: String
        var identifier: UInt64
        var request: Request
        var vectors = VectorEncoding.float32
    }

    struct GoldenReply {
        var name: String
        var identifier: UInt64
        var reply: Reply
    }

    static let requests: [GoldenRequest] = [
        GoldenRequest(name: "hello-request", identifier: 1, request: .hello(HelloRequest(clientName: "example 1.0"))),
        GoldenRequest(
            name: "hello-token-request", identifier: 1,
            request: .hello(
                HelloRequest(clientName: "", minimumVersion: 1, maximumVersion: 2, token: [0xde, 0xad, 0xbe, 0xef]))),
        GoldenRequest(name: "ping-request", identifier: 2, request: .ping(Array("ping".utf8))),
        GoldenRequest(name: "statistics-request", identifier: 3, request: .statistics),
        GoldenRequest(name: "lookup-request", identifier: 0x0102_0304_0506_0708, request: .lookup(lookups)),
        GoldenRequest(
            name: "lookup-explained-request", identifier: 18,
            request: .lookup(LookupRequest(namespace: "support", [Lookup(vector: [1, -0.25], isExplained: true)]))),
        GoldenRequest(
            name: "lookup-half-request", identifier: 5,
            request: .lookup(LookupRequest(namespace: "support", [Lookup(vector: [1, -0.5, 0x1p-14, 0x1p-24])])),
            vectors: .float16),
        GoldenRequest(name: "insert-request", identifier: 6, request: .insert(insertions)),
        GoldenRequest(
            name: "get-request", identifier: 7,
            request: .get(GetRequest(namespace: "support", entry: EntryIdentifier(7)))),
        GoldenRequest(
            name: "get-scope-request", identifier: 8,
            request: .get(GetRequest(namespace: "support", scope: scope, entry: EntryIdentifier(7)))),
        GoldenRequest(
            name: "delete-request", identifier: 9,
            request: .delete(
                DeleteRequest(namespace: "support", scope: scope, entries: [EntryIdentifier(7), EntryIdentifier(8)]))),
        GoldenRequest(name: "invalidate-request", identifier: 10, request: .invalidate(invalidations)),
        GoldenRequest(
            name: "lease-request", identifier: 11,
            request: .lease(LeaseRequest(namespace: "support", sources: ["kb/refunds", "kb/faq", "kb/new"]))),
        GoldenRequest(
            name: "purge-scope-request", identifier: 12,
            request: .purge(PurgeRequest(namespace: "support", .scope(scope)))),
        GoldenRequest(
            name: "purge-tag-request", identifier: 13,
            request: .purge(PurgeRequest(namespace: "support", .tag("refunds")))),
        GoldenRequest(name: "lift-fence-request", identifier: 14, request: .liftFence),
        GoldenRequest(
            name: "create-namespace-request", identifier: 15,
            request: .createNamespace(CreateNamespaceRequest(name: "support", settings: settings))),
        GoldenRequest(name: "list-namespaces-request", identifier: 16, request: .listNamespaces),
        GoldenRequest(name: "drop-namespace-request", identifier: 17, request: .dropNamespace("drafts")),
        GoldenRequest(
            name: "scan-request", identifier: 19,
            request: .scan(
                ScanRequest(
                    namespace: "support", scan: Scan(after: EntryIdentifier(7), scope: scope, omitsVectors: true)))),
        GoldenRequest(
            name: "insert-copy-request", identifier: 20, request: .insert(InsertRequest(namespace: "support", [copy]))),
        GoldenRequest(
            name: "follow-request", identifier: 21,
            request: .follow(FollowRequest(namespace: "support-2", followed: "support"))),
    ]

    static let replies: [GoldenReply] = [
        GoldenReply(
            name: "hello-reply", identifier: 1,
            reply: .hello(HelloReply(serverVersion: "0.1.0", position: position(17)))),
        GoldenReply(name: "ping-reply", identifier: 2, reply: .ping(Array("ping".utf8))),
        GoldenReply(name: "statistics-reply", identifier: 3, reply: .statistics(#"{"entries":2}"#)),
        GoldenReply(name: "lookup-reply", identifier: 0x0102_0304_0506_0708, reply: .lookup(lookupReplies)),
        GoldenReply(
            name: "lookup-explained-reply", identifier: 18,
            reply: .lookup([
                LookupReply(
                    outcome: .miss(Miss(reason: .belowThreshold)), lease: lease(17), sourceSequences: [],
                    searchNanoseconds: 35_000, explanation: explanation)
            ])),
        GoldenReply(
            name: "insert-reply", identifier: 6,
            reply: .insert([
                .stored(EntryIdentifier(8), replaced: nil),
                .stored(EntryIdentifier(9), replaced: EntryIdentifier(7)),
                .refused(
                    CacheError(
                        .staleDependency, "the source has changed since",
                        detail: ["source": "kb/refunds", "current": "43"])),
            ])),
        GoldenReply(name: "get-reply", identifier: 7, reply: .get(entry)),
        GoldenReply(name: "delete-reply", identifier: 9, reply: .delete([true, false])),
        GoldenReply(name: "invalidate-reply", identifier: 10, reply: .invalidate(invalidationOutcomes)),
        GoldenReply(
            name: "lease-reply", identifier: 11,
            reply: .lease(
                LeaseReply(
                    lease: lease(20),
                    sources: [
                        SourceState(version: .ordered(40, generation: position(20)), lastSequence: 20),
                        SourceState(version: .labelled("0718"), lastSequence: 19),
                        SourceState(version: .unnamed, lastSequence: 0),
                    ]))),
        GoldenReply(
            name: "purge-reply", identifier: 13,
            reply: .purge(PurgeReceipt(entryCount: 2, position: position(21)))),
        GoldenReply(name: "lift-fence-reply", identifier: 14, reply: .liftFence(position(21))),
        GoldenReply(name: "create-namespace-reply", identifier: 15, reply: .createNamespace(description(counts: 0))),
        GoldenReply(
            name: "list-namespaces-reply", identifier: 16,
            reply: .listNamespaces([
                NamespaceDescription(
                    name: "support", settings: settings, entryCount: 3, rowCount: 2, scopeCount: 1, watermarkCount: 4),
                NamespaceDescription(
                    name: "drafts", settings: NamespaceSettings(threshold: 0.5), entryCount: 0, rowCount: 0,
                    scopeCount: 0, watermarkCount: 0),
            ])),
        GoldenReply(
            name: "drop-namespace-reply", identifier: 17,
            reply: .dropNamespace(PurgeReceipt(entryCount: 0, position: position(22)))),
        GoldenReply(name: "scan-reply", identifier: 19, reply: .scan(page)),
        GoldenReply(name: "follow-reply", identifier: 21, reply: .follow(position(22))),
        GoldenReply(
            name: "error-reply", identifier: 8,
            reply: .failure(CacheError(.entryNotFound, "no such entry in this scope"), .get)),
        GoldenReply(
            name: "unauthenticated-reply", identifier: 1,
            reply: .failure(
                CacheError(.unauthenticated, "this service asks for a token, and none was sent that holds"), .hello)),
        GoldenReply(
            name: "forbidden-reply", identifier: 6,
            reply: .failure(
                CacheError(
                    .forbidden, "the token 'app' does not have the scope that this takes: insert",
                    detail: ["scope": "insert"]), .insert)),
        GoldenReply(
            name: "connection-error-reply", identifier: 18,
            reply: .failure(
                CacheError(
                    .frameTooLarge, "the body of a frame is longer than the limit",
                    detail: ["limit": "41943040", "got": "41943041"]), .connection)),
    ]

    // MARK: Parts

    static let copy = Insertion(
        vector: [0.6, -0.8], payload: Array("Within 30 days.".utf8), contentType: "text/plain", lease: lease(17),
        createdAt: Timestamp(milliseconds: 1_700_000_000_000), norm: 1.125)
    static let page = ScanPage(
        entries: [ScannedEntry(entry: entry, fillSequence: 17, vector: [0.6, -0.8])], last: EntryIdentifier(8),
        isAtEnd: true, newest: EntryIdentifier(9), position: position(20),
        passedOver: ScanPage.PassedOver(stale: 1, expired: 2))

    static let incarnation: UInt64 = 0x00c1_f3a0_9b2e_7d44
    static let scope = Scope(0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f)
    static let key = ExactKey(0xf0e0_d0c0_b0a0_9080_7060_5040_3020_1000)
    static let settings = NamespaceSettings(
        dimension: 384, model: "all-MiniLM-L6-v2", threshold: 0.9375, timeToLiveMilliseconds: 3_600_000,
        capacity: 1_000_000)
    static let dependencies = [
        Dependency("kb/refunds", .ordered(42)), Dependency("kb/faq", .labelled("a1b2c3")), Dependency("kb/shipping"),
    ]

    static func position(_ sequence: UInt64) -> Position { Position(incarnation: incarnation, sequence: sequence) }

    static func lease(_ sequence: UInt64) -> Lease {
        Lease(position: position(sequence), namespace: namespaceFingerprint("support"))
    }

    static func description(counts: Int) -> NamespaceDescription {
        NamespaceDescription(
            name: "support", settings: settings, entryCount: counts, rowCount: counts, scopeCount: counts,
            watermarkCount: counts)
    }

    static let lookups = LookupRequest(
        namespace: "support",
        [
            Lookup(vector: [1, 0.5, -0.25]),
            Lookup(
                scope: scope, key: key, threshold: 0.875, neighbors: 3, maximumAgeMilliseconds: 60_000,
                minimumPosition: position(17), sources: ["kb/refunds", "kb/faq"], omitsPayload: true),
        ])

    static let insertions = InsertRequest(
        namespace: "support", model: "all-MiniLM-L6-v2",
        [
            Insertion(
                scope: scope, key: key, vector: [1, 0.5, -0.25], prompt: "How do I get a refund?",
                payload: Array("Within 30 days.".utf8), contentType: "text/plain", dependencies: dependencies,
                tags: ["refunds", "größe"], expiresAt: Timestamp(milliseconds: 1_700_000_060_000),
                costSavedNanodollars: 1_250_000, lease: lease(17)),
            Insertion(key: key, payload: []),
        ])

    static let invalidations = InvalidateRequest(
        namespace: "support",
        [
            Invalidation(source: "kb/refunds", change: .version(43)),
            Invalidation(source: "kb/faq", change: .label("a1b2c3")),
            Invalidation(source: "kb/faq", change: .label("d4e5f6", replacing: .label("a1b2c3"))),
            Invalidation(source: "kb/faq", change: .label("0718", replacing: .position(position(19)))),
            Invalidation(source: "kb/shipping", change: .bump, incarnation: incarnation),
            Invalidation(source: "kb/refunds", change: .reset(version: 40)),
        ])

    static let invalidationOutcomes: [InvalidationOutcome] = [
        .success(
            InvalidationReceipt(
                changed: true, position: position(18), state: SourceState(version: .ordered(43), lastSequence: 18))),
        .success(
            InvalidationReceipt(
                changed: false, position: position(18),
                state: SourceState(version: .labelled("a1b2c3"), lastSequence: 12))),
        .failure(
            CacheError(
                .labelConflict, "the source has another label",
                detail: ["current": "a1b2c3", "position": position(12).description])),
    ]

    static let entry = StoredEntry(
        identifier: EntryIdentifier(7), scope: scope, key: key, createdAt: Timestamp(milliseconds: 1_700_000_000_000),
        ageMilliseconds: 1_500, expiresAt: Timestamp(milliseconds: 1_700_000_060_000), norm: 1.125,
        costSavedNanodollars: 1_250_000, prompt: "How do I get a refund?", dependencies: dependencies,
        tags: ["refunds"], contentType: "text/plain", payload: Array("Within 30 days.".utf8), payloadBytes: 15)

    static let explanation: SearchExplanation = {
        var explanation = SearchExplanation(plan: .partition)
        explanation.counts.rows = 100_000
        explanation.counts.scopeRows = 90_000
        explanation.counts.cells = 320
        explanation.counts.cellsVisited = 41
        explanation.counts.blocks = 350
        explanation.counts.sketchesRead = 11_200
        explanation.counts.sketchesRefined = 60
        explanation.counts.rowsCompared = 4
        explanation.times.prepareNanoseconds = 5_000
        explanation.times.centroidNanoseconds = 4_000
        explanation.times.chooseNanoseconds = 9_000
        explanation.times.sketchNanoseconds = 12_000
        explanation.times.refineNanoseconds = 2_000
        explanation.times.compareNanoseconds = 1_000
        return explanation
    }()

    static let lookupReplies: [LookupReply] = [
        LookupReply(
            outcome: .hits([
                Hit(match: .vector, similarity: 0.96875, entry: entry),
                Hit(
                    match: .vector, similarity: 0.953125,
                    entry: StoredEntry(
                        identifier: EntryIdentifier(3), scope: scope, key: nil,
                        createdAt: Timestamp(milliseconds: 1_690_000_000_000), ageMilliseconds: 10_000_001_500,
                        expiresAt: nil, norm: nil, costSavedNanodollars: 0, prompt: nil, dependencies: [], tags: [],
                        contentType: "application/json", payload: nil, payloadBytes: 70_000)),
            ]), lease: lease(17), sourceSequences: [], searchNanoseconds: 25_000),
        LookupReply(
            outcome: .miss(Miss(reason: .stale, nearestSimilarity: 0.75)), lease: lease(17), sourceSequences: [17, 0],
            searchNanoseconds: 25_000),
        LookupReply(
            outcome: .refused(
                CacheError(
                    .dimensionMismatch, "the vector has another dimension", detail: ["expected": "384", "got": "3"])),
            lease: lease(17), sourceSequences: [], searchNanoseconds: 0),
    ]
}
