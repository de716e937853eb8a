import CacheModel
import Testing

@testable import GatewayCore

@Suite struct DisclosureTests {
    private static let lease = Lease(position: Position(incarnation: 1, sequence: 2), namespace: 3)

    @Test func everyHeaderOfTheDocumentIsWrittenAndNoOther() throws {
        var disclosure = Disclosure(.semanticHit, reason: .semanticOff, requestIdentifier: "req_1")
        disclosure.similarity = 0.96875
        disclosure.probability = 0.871
        disclosure.entry = EntryIdentifier(7)
        disclosure.matchedPrompt = ExactKey(0xab)
        disclosure.model = "gpt-4o-mini"
        disclosure.routeReason = "route *"
        disclosure.overheadMicroseconds = 412
        disclosure.stored = .no(.unversionedDependency)
        disclosure.ageMilliseconds = 61_999
        disclosure.lease = Self.lease
        let fields = Dictionary(uniqueKeysWithValues: disclosure.headerFields.map { ($0.name, $0.value) })
        let documented = try GatewayDocument.rows(below: "| header | value |").flatMap {
            GatewayDocument.code(in: $0[0])
        }
        #expect(Set(fields.keys) == Set(documented))
        #expect(fields["x-semblance-cache"] == "semantic-hit")
        #expect(fields["x-semblance-similarity"] == "0.9688")
        #expect(fields["x-semblance-matched-prompt-hash"] == String(repeating: "0", count: 30) + "ab")
        #expect(fields["x-semblance-stored"] == "no; unversioned-dependency")
        #expect(fields["age"] == "61")
        #expect(fields["x-semblance-lease"] == Self.lease.description)
        #expect(fields["x-semblance-probability"] == "0.8710")
        #expect(fields.count == 13)
    }

    @Test func whatALookupFindsIsToldAsItIs() {
        func told(_ outcome: LookupOutcome) -> Disclosure {
            Disclosure(
                LookupReply(outcome: outcome, lease: Self.lease, sourceSequences: [], searchNanoseconds: 0),
                requestIdentifier: "r")
        }
        #expect(told(.miss(Miss(reason: .belowThreshold, nearestSimilarity: 0.5))).outcome == .miss)
        #expect(told(.miss(Miss(reason: .belowThreshold, nearestSimilarity: 0.5))).similarity == 0.5)
        #expect(told(.miss(Miss(reason: .fenced))).outcome == .fenced)
        #expect(told(.refused(CacheError(.fenced, ""))).outcome == .fenced)
        #expect(told(.refused(CacheError(.overloaded, ""))).outcome == .bypass)
        #expect(told(.refused(CacheError(.overloaded, ""))).reason == .cacheUnavailable)
        #expect(told(.hits([])).outcome == .miss)
        for (match, outcome) in [(Hit.Match.key, Disclosure.Outcome.hit), (.vector, .semanticHit)] {
            let hit = told(.hits([Self.hit(match)]))
            #expect(hit.outcome == outcome)
            #expect(hit.entry == EntryIdentifier(9))
            #expect(hit.ageMilliseconds == 5_000)
            #expect(hit.lease == Self.lease)
        }
    }

    @Test func noPeersTextBreaksOutOfItsLine() {
        var disclosure = Disclosure(.miss, requestIdentifier: "a\r\nset-cookie: x")
        disclosure.model = String(repeating: "é", count: 10_000)
        disclosure.similarity = .nan
        disclosure.ageMilliseconds = -5
        for field in disclosure.headerFields {
            #expect(field.isValid)
            #expect(field.value.utf8.count <= GatewayLimits.disclosedBytes)
        }
        #expect(!disclosure.headerFields.contains { $0.name == "x-semblance-similarity" })
        #expect(disclosure.headerFields.last == HeaderField("age", "0"))
    }

    private static func hit(_ match: Hit.Match) -> Hit {
        Hit(
            match: match, similarity: 1,
            entry: StoredEntry(
                identifier: EntryIdentifier(9), scope: .shared, key: ExactKey(1), createdAt: Timestamp(milliseconds: 0),
                ageMilliseconds: 5_000, expiresAt: nil, norm: nil, costSavedNanodollars: 0, prompt: nil,
                dependencies: [], tags: [], contentType: "", payload: nil, payloadBytes: 0))
    }
}
