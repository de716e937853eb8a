import CacheEngine
import CacheModel
import CacheStorage
import Testing

/// The rule of freshness itself, case by case, on a table without a store.
@Suite struct ServabilityTests {
    /// What the table knows of `kb`, at sequence 5 of 9.
    private static func refusal(
        _ version: DataVersion, fill: UInt64, kind: WatermarkRecord.Kind?, floor: UInt64 = 0, isFenced: Bool = false,
        isAnnounced: Bool = false, edit: (inout NamespaceWatermarks) -> Void = { _ in }
    ) -> CacheError.Code? {
        var store = StoreRecord(incarnation: 1)
        store.sequence = 9
        store.isFenced = isFenced
        var table = WatermarkTable(store: store)
        guard let identifier = table.identify("support"), var namespace = table[identifier] else { return nil }
        var watermark = WatermarkRecord()
        watermark.kind = kind
        watermark.lastSequence = 5
        watermark.floorSequence = floor
        namespace[.source("kb")] = watermark
        edit(&namespace)
        table[identifier] = namespace
        if isAnnounced {
            let news = Invalidation(source: "kb", change: .version(3, generation: generation), incarnation: 1)
            _ = try? table.apply(news, in: identifier)
        }
        let basis = EntryBasis(
            scope: .shared, dependencies: [Dependency("kb", version)], tags: ["red"], fillSequence: fill)
        return table.refusal(of: basis, in: table["support"])?.error.code
    }

    private static let generation = Generation(incarnation: 1, sequence: 2)
    private static let third = WatermarkRecord.Kind.ordered(version: 3, generation: generation)

    @Test func aVersionHoldsFromTheAnnouncedOneOnInItsGeneration() {
        #expect(Self.refusal(.ordered(3, generation: Self.generation), fill: 0, kind: Self.third) == nil)
        #expect(Self.refusal(.ordered(4, generation: Self.generation), fill: 0, kind: Self.third) == nil)
        #expect(Self.refusal(.ordered(2, generation: Self.generation), fill: 9, kind: Self.third) == .staleDependency)
        #expect(Self.refusal(.ordered(4), fill: 9, kind: Self.third) == .staleDependency)
    }

    @Test func aVersionNeedsALeaseAfterABump() {
        let version = DataVersion.ordered(3, generation: Self.generation)
        #expect(Self.refusal(version, fill: 4, kind: Self.third, floor: 5) == .leaseRequired)
        #expect(Self.refusal(version, fill: 5, kind: Self.third, floor: 5) == nil)
    }

    @Test func aLabelHoldsOnlyWhileItIsTheCurrentOne() {
        #expect(Self.refusal(.labelled("a"), fill: 0, kind: .labelled("a")) == nil)
        #expect(Self.refusal(.labelled("b"), fill: 9, kind: .labelled("a")) == .staleDependency)
    }

    @Test func whereNothingCanBeComparedOnlyALeaseFromAfterTheLastChangeWillDo() {
        let cases: [(DataVersion, WatermarkRecord.Kind?)] = [
            (.unnamed, Self.third), (.unnamed, .labelled("a")), (.unnamed, nil), (.ordered(9), nil),
            (.labelled("a"), nil), (.labelled("a"), .labelled(nil)),
        ]
        for (version, kind) in cases {
            #expect(Self.refusal(version, fill: 0, kind: kind) == .leaseRequired)
            #expect(Self.refusal(version, fill: 4, kind: kind) == .staleDependency)
            #expect(Self.refusal(version, fill: 5, kind: kind) == nil)
        }
    }

    @Test func aDependencyOfTheOtherKindNeverHolds() {
        #expect(Self.refusal(.labelled("a"), fill: 9, kind: Self.third) == .kindMismatch)
        #expect(Self.refusal(.ordered(9), fill: 9, kind: .labelled("a")) == .kindMismatch)
    }

    @Test func inAFencedStoreASourceMustHaveBeenAnnounced() {
        let version = DataVersion.ordered(3, generation: Self.generation)
        #expect(Self.refusal(version, fill: 9, kind: Self.third, isFenced: true) == .fenced)
        #expect(Self.refusal(version, fill: 9, kind: Self.third, isFenced: true, isAnnounced: true) == nil)
    }

    /// At sequence 7.
    private static var purged: WatermarkRecord {
        var record = WatermarkRecord()
        record.lastSequence = 7
        record.floorSequence = 7
        return record
    }

    @Test func floorsAndPurgesAskForALeaseFromAfterThem() {
        let edits: [(inout NamespaceWatermarks) -> Void] = [
            { $0.record.floors.sources = 7 }, { $0.record.floors.tags = 7 }, { $0.record.floors.scopes = 7 },
            { $0[.tag("red")] = Self.purged }, { $0[.scope(.shared)] = Self.purged },
        ]
        for edit in edits {
            #expect(
                Self.refusal(.ordered(3, generation: Self.generation), fill: 6, kind: Self.third, edit: edit)
                    == .leaseRequired)
            #expect(
                Self.refusal(.ordered(3, generation: Self.generation), fill: 7, kind: Self.third, edit: edit) == nil)
        }
        #expect(
            Self.refusal(.ordered(3, generation: Self.generation), fill: 0, kind: Self.third) {
                $0[.tag("blue")] = Self.purged
                $0[.scope(Scope(1))] = Self.purged
            } == nil)
    }
}
