import CacheEngine
import CacheModel
import Foundation

/// The content of the committed store of format 1. It never changes: a store that somebody wrote with that version has to be
/// read for ever. A new format gets a fixture of its own.
enum FormatFixture {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/stores/format-1")
    static let incarnation: UInt64 = 0x5EED_0000_0000_0001
    static let openedAt: Int64 = 1_700_000_000_000

    static let settings = NamespaceSettings(
        dimension: 20, model: "all-MiniLM-L6-v2", threshold: 0.9, timeToLiveMilliseconds: 40_000_000_000,
        capacity: 1_000)

    static func vector(_ number: Int) -> [Float] {
        (0..<20).map { component in Float((component * component + number * 31) % 97) - 48 }
    }

    static func payload(_ number: Int) -> [UInt8] { (0..<number * 11).map { UInt8(truncatingIfNeeded: $0 &* number) } }

    /// Entries 1 through 12 of `support`: every field is there in some and missing in others.
    static func insertion(_ number: Int, lease: Lease?) -> Insertion {
        var insertion = Insertion(
            scope: Scope(UInt128(number % 3) << 100 | 1), key: number % 2 == 0 ? ExactKey(UInt128(number) << 70) : nil,
            vector: vector(number), payload: payload(number),
            contentType: number % 4 == 0 ? "" : "text/plain; charset=utf-8",
            costSavedNanodollars: UInt64(number) * 1_000_000_007)
        switch number % 3 {
        case 0: insertion.prompt = "Wo ist mein Geld? 返金 \(number)"
        case 1: insertion.prompt = ""
        default: break
        }
        switch number % 5 {
        case 0:
            insertion.dependencies = [
                Dependency("kb/ordered", .ordered(41)), Dependency("kb/unheard-of", .ordered(.max)),
            ]
        case 1: insertion.dependencies = [Dependency("kb/labelled", .labelled("a1b2c3"))]
        case 2:
            insertion.dependencies = [Dependency("kb/bumped")]
            insertion.lease = lease
        case 3: insertion.tags = ["billing", "größe-\(number)"]
        default: break
        }
        if number == 8 { insertion.expiresAt = Timestamp(milliseconds: openedAt + 5_000) }
        return insertion
    }

    /// Sources of `support` and what the store has been told of them.
    static let states: [(source: String, state: DataVersion)] = [
        ("kb/ordered", .ordered(42)), ("kb/labelled", .labelled("a1b2c3")), ("kb/bumped", .unnamed),
        ("kb/unknown-label", .unnamed),
        ("kb/reset", .ordered(3, generation: Position(incarnation: incarnation, sequence: 7))),
    ]

    /// Fills a new store in the order that `FormatTests` expects.
    static func fill(_ harness: EngineHarness) throws {
        _ = try harness.create("support", settings).get()
        func invalidate(_ source: String, _ change: Invalidation.Change) throws {
            _ = try harness.invalidate(source, change, in: "support").get()
        }
        try invalidate("kb/labelled", .label("a1b2c3"))
        let outcomes = harness.insert(
            (1...12).map { insertion($0, lease: harness.lease(in: "support")) }, into: "support")
        for outcome in outcomes { if case .refused(let error) = outcome { throw error } }
        // Positions 2 through 10.
        try invalidate("kb/ordered", .version(42))
        try invalidate("kb/bumped", .bump)
        try invalidate("kb/unknown-label", .label("x"))
        try invalidate("kb/unknown-label", .bump)
        try invalidate("kb/reset", .version(9))
        try invalidate("kb/reset", .reset(version: 3))
        _ = try harness.purge(.tag("größe-8"), in: "support").get()
        _ = try harness.purge(.scope(Scope(77)), in: "support").get()
        // A namespace without vectors, and one that is no more.
        for number in 1...3 {
            _ = harness.insert(
                Insertion(key: ExactKey(UInt128(number)), payload: [UInt8(number)], tags: ["billing"]), into: "keys")
        }
        _ = harness.insert(
            Insertion(vector: [1, 2, 3], payload: [1], dependencies: [Dependency("a", .ordered(1))]), into: "dropped")
        // Its records stay in the file until somebody reclaims them.
        _ = try harness.drop("dropped").get()
    }
}
