import CacheModel
import Testing

@testable import semblance

@Suite struct OutputTests {
    private static let lease = Lease(position: Position(incarnation: 0xab, sequence: 7), namespace: 0xcd)
    private static let leaseText = "00000000000000ab:7/00000000000000cd"

    private static let entry = StoredEntry(
        identifier: EntryIdentifier(12), scope: .shared, key: nil, createdAt: Timestamp(milliseconds: 1_000),
        ageMilliseconds: 61_000, expiresAt: Timestamp(milliseconds: 3_662_000), norm: 1, costSavedNanodollars: 400_000,
        prompt: "How?\u{1b}[31m", dependencies: [Dependency("kb/a", .ordered(17)), Dependency("kb/b")], tags: ["t"],
        contentType: "text/plain", payload: Array("So \"it\" is.\n".utf8), payloadBytes: 12)

    @Test func columnsAreAligned() {
        var table = TextTable([.init("NAME"), .init("COUNT", .right), .init("MODEL")])
        table.add(["a", "1", ""])
        table.add(["longer", "30,000", "mini"])
        #expect(table.lines == ["NAME     COUNT  MODEL", "a            1", "longer  30,000  mini"])
        #expect(TextTable.pairs([("a", "1"), ("long", "2")]) == ["  a     1", "  long  2"])
        #expect(TextTable.pairs([]) == [])
    }

    @Test func aHitIsShown() {
        let reply = LookupReply(
            outcome: .hits([Hit(match: .vector, similarity: 0.93684, entry: Self.entry)]), lease: Self.lease,
            sourceSequences: [0, 5], searchNanoseconds: 38_900)
        let text = LookupText(reply: reply, sources: ["kb/a", "kb/b"], roundTrip: .microseconds(1_412))
        #expect(
            text.lines == [
                "hit   0.9368 by vector  entry 12",
                "  prompt      How? [31m", "  payload     So \"it\" is. ", "  built from  kb/a@17 kb/b",
                "  tags        t",
                "  age         1m 1s, expires in 1h", "  kb/a was never announced", "  kb/b changed last at sequence 5",
                "  1,412 µs round trip, 38 µs of it search",
            ])
        #expect(
            text.json.line == #"{"outcome":"hit","hits":[{"match":"vector","similarity":0.93684,"entry":12,"#
                + #""scope":"00000000000000000000000000000000","createdAtMs":1000,"ageMs":61000,"expiresAtMs":3662000,"#
                + #""norm":1,"costSavedNanodollars":400000,"prompt":"How?\u001b[31m","dependsOn":["kb/a@17","kb/b"],"#
                + #""tags":["t"],"contentType":"text/plain","payloadBytes":12,"payload":"So \"it\" is.\n"}],"#
                + #""lease":"\#(Self.leaseText)","sources":[{"source":"kb/a","lastSequence":0},"#
                + #"{"source":"kb/b","lastSequence":5}],"roundTripMicroseconds":1412,"searchMicroseconds":38}"#)
    }

    @Test func aMissSaysWhy() {
        let reply = LookupReply(
            outcome: .miss(Miss(reason: .belowThreshold, nearestSimilarity: 0.25)), lease: Self.lease,
            sourceSequences: [], searchNanoseconds: 0)
        let text = LookupText(reply: reply, roundTrip: .microseconds(9))
        #expect(text.lines[0] == "miss  below the threshold, the nearest fresh one has 0.2500")
        #expect(
            text.json.line == #"{"outcome":"miss","reason":"below-threshold","nearestSimilarity":0.25,"#
                + #""lease":"\#(Self.leaseText)","roundTripMicroseconds":9,"searchMicroseconds":0}"#)
        #expect(Set(Miss.Reason.allCases.map(LookupText.name)).count == Miss.Reason.allCases.count)
    }

    @Test func aPayloadThatIsNoTextIsShownByItsSizeAndInBase64() {
        var entry = Self.entry
        entry.payload = [0xff, 0x00]
        #expect(EntryText.lines(entry).contains { $0.contains("2 B of text/plain") })
        #expect(EntryText.json(entry).line.contains(#""payloadBase64":"/wA=""#))
        #expect(!EntryText.json(entry).line.contains(#""payload":"#))
    }

    @Test func jsonIsEscapedAndKeepsTheOrderOfItsFields() {
        let json = JSONText.fields([
            "z": "a\"\\\n\t\u{1}é", "a": .number(0.5), "none": nil, "n": .number(.nan), "f": .float(0.1),
            "l": [1, 2].asJSON,
        ])
        #expect(json.line == #"{"z":"a\"\\\n\t\u0001é","a":0.5,"n":null,"f":0.1,"l":[1,2]}"#)
    }

    @Test func anErrorSaysWhatToDoNext() {
        let error = CacheError(.labelConflict, "another label", detail: ["position": "00ab:7", "current": "x"])
        let report = ErrorReport(error)
        #expect(report.lines[0] == "error: label-conflict: another label (current=x, position=00ab:7)")
        #expect(report.lines[1].contains("--position 00ab:7"))
        #expect(
            report.json.line.hasPrefix(
                #"{"error":{"code":"label-conflict","message":"another label","detail":{"current":"x","#
                    + #""position":"00ab:7"},"advice":"#
            ))
        #expect(
            ErrorReport(CacheError(.malformedFrame, "m")).json.line
                == #"{"error":{"code":"malformed-frame","message":"m","detail":{}}}"#)
    }

    @Test func progressShowsShareSpeedAndTheTimeLeft() {
        #expect(
            ProgressReport.line(7_500, of: 30_000, unit: "rows", since: 0, elapsed: .seconds(3), barWidth: 8)
                == "[██······] 25%  7,500 of 30,000 rows  2,500 rows/s  9s left")
        #expect(
            ProgressReport.line(30_000, of: 30_000, unit: "rows", since: 15_000, elapsed: .seconds(3), barWidth: 0)
                == "100%  30,000 of 30,000 rows  5,000 rows/s")
        #expect(
            ProgressReport.line(0, of: 0, unit: "rows", since: 0, elapsed: .zero, barWidth: 0) == "100%  0 of 0 rows")
    }

    @Test func colorsAreForTerminalsAndNotForThoseWhoWantNone() {
        #expect(
            Terminal(descriptor: 1, isTerminal: true, environment: [:]).colored("x", .red) == "\u{1b}[31mx\u{1b}[0m")
        #expect(Terminal(descriptor: 1, isTerminal: true, environment: ["NO_COLOR": "1"]).colored("x", .red) == "x")
        #expect(Terminal(descriptor: 1, isTerminal: false, environment: [:]).colored("x", .red) == "x")
        #expect(Terminal(descriptor: 1, isTerminal: true, environment: ["TERM": "dumb"]).colored("x", .red) == "x")
    }

    @Test func longTextIsWrappedBetweenWords() {
        #expect(DemoScreen.wrapped("aa bb cc dddddddd", width: 5) == ["aa bb", "cc", "dddddddd"])
    }
}

extension [Int] {
    fileprivate var asJSON: JSONText { .array(map { .integer($0) }) }
}
