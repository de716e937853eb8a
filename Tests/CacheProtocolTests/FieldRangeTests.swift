import CacheModel
import CacheProtocol
import NIOCore
import Testing

/// What is well-formed but outside of its range is answered, and the connection lives on.
@Suite struct FieldRangeTests {
    private func sent(_ request: Request) throws -> Request {
        var bytes = ByteBuffer()
        try bytes.writeRequest(request, identifier: 1)
        var decoder = FrameDecoder(expecting: .requests)
        let frame = try #require(try decoder.next(from: &bytes))
        return try Request(frame)
    }

    private func refusal(_ request: Request) throws -> CacheError {
        let error = #expect(throws: CacheError.self) { try sent(request) }
        return try #require(error)
    }

    /// Sends the lookup between two good ones, which must not suffer from it.
    private func refusal(_ lookup: Lookup) throws -> CacheError? {
        let good = Lookup(vector: [1, 2, 3])
        guard case .lookup(let received) = try sent(.lookup(LookupRequest(namespace: "n", [good, lookup, good])))
        else { return nil }
        #expect(received.lookups.count == 3)
        #expect(received.lookups.first == .success(good) && received.lookups.last == .success(good))
        guard case .failure(let error) = received.lookups[1] else { return nil }
        return error
    }

    private func refusal(_ insertion: Insertion) throws -> CacheError? {
        let good = Insertion(vector: [1], payload: [1])
        guard case .insert(let received) = try sent(.insert(InsertRequest(namespace: "n", [good, insertion, good])))
        else { return nil }
        #expect(received.insertions.count == 3)
        #expect(received.insertions.first == .success(good) && received.insertions.last == .success(good))
        guard case .failure(let error) = received.insertions[1] else { return nil }
        return error
    }

    private func refusal(_ invalidation: Invalidation) throws -> CacheError? {
        let good = Invalidation(source: "s", change: .bump)
        let request = InvalidateRequest(namespace: "n", [good, invalidation, good])
        guard case .invalidate(let received) = try sent(.invalidate(request)) else { return nil }
        #expect(received.invalidations.count == 3)
        #expect(received.invalidations.first == .success(good) && received.invalidations.last == .success(good))
        guard case .failure(let error) = received.invalidations[1] else { return nil }
        return error
    }

    private func text(_ length: Int) -> String { String(repeating: "x", count: length) }

    @Test func aLookupOutOfRangeIsRefusedAlone() throws {
        let vector: [Float] = [1]
        let cases: [(Lookup, field: String, limit: String?)] = [
            (Lookup(), "vector", nil),
            (Lookup(vector: []), "vector", nil),
            (Lookup(vector: Array(repeating: 1, count: 5_000)), "vector", "4096"),
            (Lookup(vector: vector, threshold: .nan), "threshold", nil),
            (Lookup(vector: vector, threshold: 1.0625), "threshold", nil),
            (Lookup(vector: vector, threshold: -.infinity), "threshold", nil),
            (Lookup(vector: vector, neighbors: 0), "neighbors", "1"),
            (Lookup(vector: vector, neighbors: 101), "neighbors", "100"),
            (Lookup(vector: vector, maximumAgeMilliseconds: -1), "maximum-age", nil),
            (Lookup(vector: vector, sources: ["a", ""]), "source", "1"),
            (Lookup(vector: vector, sources: [text(256)]), "source", "255"),
            (Lookup(vector: vector, sources: Array(repeating: "s", count: 65)), "sources", "64"),
        ]
        for (lookup, field, limit) in cases {
            let error = try #require(try refusal(lookup), "\(field)")
            #expect(error.code == .invalidArgument)
            #expect(error.detail["field"] == field)
            #expect(error.detail["limit"] == limit)
        }
        let atTheEnds = Lookup(
            vector: Array(repeating: 1, count: 4_096), threshold: -1, neighbors: 100, maximumAgeMilliseconds: 0,
            sources: Array(repeating: text(255), count: 64))
        #expect(try refusal(atTheEnds) == nil)
    }

    @Test func anInsertionOutOfRangeIsRefusedAlone() throws {
        func insertion(_ change: (inout Insertion) -> Void) -> Insertion {
            var insertion = Insertion(vector: [1], payload: [])
            change(&insertion)
            return insertion
        }
        let cases: [(Insertion, field: String, limit: String?)] = [
            (insertion { $0.vector = nil }, "vector", nil),
            (insertion { $0.vector = Array(repeating: 1, count: 4_097) }, "vector", "4096"),
            (insertion { $0.prompt = text(65_537) }, "prompt", "65536"),
            (insertion { $0.contentType = text(128) }, "content-type", "127"),
            (insertion { $0.tags = Array(repeating: "t", count: 17) }, "tags", "16"),
            (insertion { $0.tags = [""] }, "tag", "1"),
            (insertion { $0.tags = [text(129)] }, "tag", "128"),
            (insertion { $0.dependencies = Array(repeating: Dependency("s"), count: 65) }, "dependencies", "64"),
            (insertion { $0.dependencies = [Dependency(text(256))] }, "source", "255"),
            (insertion { $0.dependencies = [Dependency("s", .labelled(""))] }, "label", "1"),
            (insertion { $0.dependencies = [Dependency("s", .labelled(text(129)))] }, "label", "128"),
            (insertion { $0.expiresAt = Timestamp(milliseconds: -1) }, "expires-at", nil),
            (insertion { $0.expiresAt = Timestamp(milliseconds: 253_402_300_800_000) }, "expires-at", nil),
        ]
        for (insertion, field, limit) in cases {
            let error = try #require(try refusal(insertion), "\(field)")
            #expect(error.code == .invalidArgument)
            #expect(error.detail["field"] == field)
            #expect(error.detail["limit"] == limit)
        }
        let atTheEnds = insertion {
            $0.prompt = text(65_536)
            $0.contentType = text(127)
            $0.tags = Array(repeating: text(128), count: 16)
            $0.dependencies = Array(repeating: Dependency(text(255), .labelled(text(128))), count: 64)
            $0.expiresAt = Timestamp(milliseconds: Limits.latestTimestampMilliseconds)
        }
        #expect(try refusal(atTheEnds) == nil)
    }

    @Test func aPayloadThatIsTooLongIsRefusedAloneWithItsLength() throws {
        let insertion = Insertion(vector: [1], payload: Array(repeating: 0, count: Limits.payloadBytes + 1))
        let error = try #require(try refusal(insertion))
        #expect(error.code == .payloadTooLarge)
        #expect(error.detail == ["limit": "16777216", "got": "16777217"])
    }

    @Test func anInvalidationOutOfRangeIsRefusedAlone() throws {
        let cases: [(Invalidation, String)] = [
            (Invalidation(source: "", change: .bump), "source"),
            (Invalidation(source: text(256), change: .version(1)), "source"),
            (Invalidation(source: "s", change: .label("")), "label"),
            (Invalidation(source: "s", change: .label("l", replacing: .label(text(129)))), "label"),
        ]
        for (invalidation, field) in cases {
            #expect(try refusal(invalidation)?.detail["field"] == field)
        }
    }

    @Test func aRequestOutOfRangeIsRefusedAsAWholeAndTheConnectionLives() throws {
        let scope = Scope(1)
        var settings = [NamespaceSettings](repeating: NamespaceSettings(), count: 6)
        settings[0].dimension = 4_097
        settings[1].threshold = .nan
        settings[2].timeToLiveMilliseconds = 0
        settings[3].capacity = 0
        settings[4].capacity = Limits.rowsPerNamespace + 1
        settings[5].model = text(129)
        let settingsFields = ["dimension", "threshold", "time-to-live", "capacity", "capacity", "model"]
        var cases: [(Request, String)] = zip(settings, settingsFields).map {
            (.createNamespace(CreateNamespaceRequest(name: "n", settings: $0)), $1)
        }
        cases += [
            (.dropNamespace(""), "namespace"),
            (.dropNamespace(text(129)), "namespace"),
            (.lookup(LookupRequest(namespace: "", [Lookup(vector: [1])])), "namespace"),
            (.insert(InsertRequest(namespace: "n", model: text(129), [Insertion(vector: [1], payload: [])])), "model"),
            (.lookup(LookupRequest(namespace: "n", lookups: [])), "batch"),
            (.lookup(LookupRequest(namespace: "n", Array(repeating: Lookup(vector: [1]), count: 257))), "batch"),
            (.insert(InsertRequest(namespace: "n", insertions: [])), "batch"),
            (.invalidate(InvalidateRequest(namespace: "n", invalidations: [])), "batch"),
            (.delete(DeleteRequest(namespace: "n", scope: scope, entries: [])), "batch"),
            (
                .delete(DeleteRequest(namespace: "n", entries: Array(repeating: EntryIdentifier(1), count: 257))),
                "batch"
            ),
            (.lease(LeaseRequest(namespace: "n", sources: Array(repeating: "s", count: 65))), "sources"),
            (.lease(LeaseRequest(namespace: "n", sources: [""])), "source"),
            (.purge(PurgeRequest(namespace: "n", .tag(""))), "tag"),
            (.ping(Array(repeating: 0, count: Limits.pingBytes + 1)), "echo"),
            (.hello(HelloRequest(clientName: text(129))), "client-name"),
            (.hello(HelloRequest(clientName: "", token: Array(repeating: 0, count: 513))), "token"),
            (.hello(HelloRequest(clientName: "", minimumVersion: 2, maximumVersion: 1)), "minimum-version"),
        ]
        for (request, field) in cases {
            let error = try refusal(request)
            #expect(error.code == .invalidArgument, "\(field)")
            #expect(error.detail["field"] == field)
            #expect(!error.closesConnection)
        }
    }

    @Test func helloAgreesOnAVersionOrSaysThatThereIsNone() throws {
        #expect(try HelloRequest(clientName: "", minimumVersion: 0, maximumVersion: 9).negotiatedVersion() == 1)
        for (minimum, maximum) in [(UInt8(2), UInt8(9)), (0, 0), (2, 1)] {
            let hello = HelloRequest(clientName: "", minimumVersion: minimum, maximumVersion: maximum)
            let error = #expect(throws: CacheError.self) { try hello.negotiatedVersion() }
            #expect(error?.code == .unsupportedVersion)
        }
    }

    @Test func repliesAreNotHeldToTheLimitsOfThisVersion() throws {
        let description = NamespaceDescription(
            name: text(500), settings: NamespaceSettings(dimension: 9_000, model: text(500), threshold: 7),
            entryCount: 1, rowCount: 1, scopeCount: 1, watermarkCount: 1)
        let states = Array(repeating: SourceState(version: .labelled(text(900)), lastSequence: 1), count: 100)
        let replies: [Reply] = [
            .listNamespaces([description]),
            .lease(LeaseReply(lease: GoldenFrames.lease(1), sources: states)),
        ]
        for reply in replies {
            var bytes = ByteBuffer()
            bytes.writeReply(reply, identifier: 1)
            var decoder = FrameDecoder(expecting: .replies)
            let frame = try #require(try decoder.next(from: &bytes))
            #expect(try Reply(frame) == reply)
        }
    }
}
