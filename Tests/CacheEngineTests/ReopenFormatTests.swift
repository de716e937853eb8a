import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Testing

/// The store in `Tests/Fixtures/stores/format-1`, written once by the first version, is read by this one.
@Suite struct ReopenFormatTests {
    private static func configure(_ configuration: inout EngineConfiguration) {
        configuration.makeIncarnation = { FormatFixture.incarnation }
        configuration.storage.mapBytes = 16 << 20
    }

    /// Writes the fixture: `SEMBLANCE_WRITE_FIXTURES=1 swift test --filter writesTheFixture`. Only for a format that was never
    /// released.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SEMBLANCE_WRITE_FIXTURES"] != nil))
    func writesTheFixture() throws {
        let harness = try EngineHarness(
            clock: ManualClock(milliseconds: FormatFixture.openedAt), configure: Self.configure)
        try FormatFixture.fill(harness)
        try FileManager.default.createDirectory(at: FormatFixture.folder, withIntermediateDirectories: true)
        let file = FormatFixture.folder.appending(path: "data.mdb")
        if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
        try harness.engine.copy(to: FormatFixture.folder.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    }

    /// An engine on a copy: the fixture itself is never opened.
    private static func openCopy(isStrict: Bool = false) throws -> EngineHarness {
        let directory = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/store", withIntermediateDirectories: true)
        try Data(contentsOf: FormatFixture.folder.appending(path: "data.mdb"))
            .write(to: URL(filePath: directory.path + "/store/data.mdb"))
        return try EngineHarness(directory: directory, clock: ManualClock(milliseconds: FormatFixture.openedAt)) {
            Self.configure(&$0)
            $0.isStrict = isStrict
        }
    }

    @Test func theFixtureIsSmall() throws {
        let bytes = try Data(contentsOf: FormatFixture.folder.appending(path: "data.mdb")).count
        #expect(bytes > 0 && bytes < 400_000)
    }

    @Test(arguments: [false, true])
    func theStoreIsOpenedWhole(isStrict: Bool) throws {
        let harness = try Self.openCopy(isStrict: isStrict)
        let report = harness.engine.opening
        #expect(!report.isNew && !report.isFenced && report.quarantinedTo == nil)
        #expect(report.entryCount == 15 && report.damagedEntryCount == 0 && report.namespaceCount == 2)
        #expect(harness.engine.position == Position(incarnation: FormatFixture.incarnation, sequence: 10))
        #expect(harness.engine.namespaces().map(\.name) == ["keys", "support"])
        #expect(harness.description(of: "support")?.settings == FormatFixture.settings)
        #expect(
            harness.description(of: "support")?.entryCount == 12 && harness.description(of: "support")?.scopeCount == 3)
        #expect(harness.description(of: "keys")?.settings == NamespaceSettings())
    }

    @Test func everyEntryIsWhatItWas() throws {
        let harness = try Self.openCopy()
        for number in 1...12 {
            let expected = FormatFixture.insertion(number, lease: nil)
            let lookup = Lookup(scope: expected.scope, vector: expected.vector, threshold: 0.999)
            // What is stale is so by the news that came after the inserts.
            let isStale = number % 5 == 0 || number % 5 == 2 || expected.tags.contains("größe-8")
            guard !isStale else {
                #expect(harness.lookup(lookup, in: "support").missReason == .stale, "entry \(number)")
                continue
            }
            let hit = try #require(harness.lookup(lookup, in: "support").hits.first, "entry \(number)")
            let entry = hit.entry
            #expect(hit.similarity == 1 && entry.identifier.number == UInt64(number))
            #expect(entry.scope == expected.scope && entry.key == expected.key)
            #expect(entry.payload == expected.payload && entry.prompt == expected.prompt)
            #expect(entry.contentType == expected.contentType && entry.tags == expected.tags)
            #expect(entry.dependencies == expected.dependencies)
            #expect(entry.costSavedNanodollars == expected.costSavedNanodollars)
            #expect(entry.createdAt == Timestamp(milliseconds: FormatFixture.openedAt))
            #expect(entry.expiresAt == expected.expiresAt ?? entry.createdAt.advanced(byMilliseconds: 40_000_000_000))
            #expect(try harness.get(entry.identifier, in: "support").get() == entry)
            guard let key = expected.key else { continue }
            let byKey = try #require(harness.lookup(Lookup(scope: expected.scope, key: key), in: "support").hits.first)
            #expect(byKey.match == .key && byKey.entry == entry)
        }
        for number in 1...3 {
            let reply = harness.lookup(Lookup(key: ExactKey(UInt128(number))), in: "keys")
            #expect(reply.hits.map(\.entry.payload) == [[UInt8(number)]])
        }
    }

    @Test func whatWasLeftToReclaimIsReclaimed() throws {
        let harness = try Self.openCopy()
        #expect(try harness.recordCounts()[.garbage] == 1)
        // Six stale entries, and the one of the dropped namespace.
        #expect(harness.reclaim() == 7)
        #expect(try harness.recordCounts() == [.entries: 9, .payloads: 9, .keys: 5, .tags: 5, .blocks: 1, .garbage: 0])
        #expect(harness.description(of: "support")?.entryCount == 6)
    }

    @Test func everyWatermarkHolds() throws {
        let harness = try Self.openCopy()
        let sources = FormatFixture.states.map(\.source)
        let states = harness.engine.lease(namespace: "support", sources: sources).sources
        #expect(states.map(\.version) == FormatFixture.states.map(\.state))
        #expect(states.map(\.lastSequence) == [2, 1, 3, 5, 7])
        func code(_ change: (inout Insertion) -> Void, in namespace: String = "support") -> CacheError.Code? {
            var insertion = Insertion(key: ExactKey(1 << 90), payload: [])
            change(&insertion)
            return harness.insert(insertion, into: namespace).code
        }
        #expect(code { $0.dependencies = [Dependency("kb/ordered", .ordered(41))] } == .staleDependency)
        #expect(code { $0.dependencies = [Dependency("kb/ordered", .ordered(42))] } == nil)
        #expect(code { $0.dependencies = [Dependency("kb/labelled", .labelled("b"))] } == .staleDependency)
        #expect(code { $0.dependencies = [Dependency("kb/labelled", .ordered(1))] } == .kindMismatch)
        #expect(code { $0.dependencies = [Dependency("kb/unknown-label", .labelled("x"))] } == .leaseRequired)
        #expect(code { $0.dependencies = [Dependency("kb/reset", .ordered(9))] } == .staleDependency)
        #expect(code { $0.tags = ["größe-8"] } == .leaseRequired)
        #expect(code { $0.scope = Scope(77) } == .leaseRequired)
        #expect(code({ $0.dependencies = [Dependency("a", .ordered(1))] }, in: "dropped") == .leaseRequired)
        #expect(harness.insert(Insertion(key: ExactKey(5), payload: []), into: "dropped").entry?.number == 18)
    }
}
