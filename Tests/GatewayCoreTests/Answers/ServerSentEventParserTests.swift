import Testing

@testable import GatewayCore

@Suite struct ServerSentEventParserTests {
    /// What of an event is compared.
    private struct Event: Hashable {
        var name: String?
        var data: String?
        var identifier: String?
    }

    private func parse(_ pieces: [[UInt8]]) throws -> (events: [Event], raw: [UInt8]) {
        var parser = ServerSentEventParser()
        var events: [ServerSentEvent] = []
        for piece in pieces { events += try parser.append(piece) }
        let raw = events.flatMap(\.raw) + parser.remainder
        return (
            events.map { event in
                Event(
                    name: event.name, data: event.data.map { String(decoding: $0, as: UTF8.self) },
                    identifier: event.identifier)
            }, raw
        )
    }

    private func parse(_ text: String) throws -> [Event] { try parse([Array(text.utf8)]).events }

    private func data(_ text: String) -> Event { Event(data: text) }

    @Test func fieldsAreReadAsTheStandardSays() throws {
        #expect(try parse("data: a\n\n") == [data("a")])
        #expect(try parse("data:a\n\n") == [data("a")])
        #expect(try parse("data:  a \n\n") == [data(" a ")])
        #expect(try parse("data: a\ndata\ndata: b\n\n") == [data("a\n\nb")])
        #expect(try parse("data\n\n") == [data("")])
        #expect(
            try parse("event: ping\nid: 7\nretry: 10\ndata: {}\n\n") == [
                Event(name: "ping", data: "{}", identifier: "7")
            ])
        #expect(try parse("unknown: x\ndata: a:b\n\n") == [data("a:b")])
        #expect(try parse("id: a\u{0}b\ndata: x\n\n") == [data("x")])
    }

    @Test func commentsAreBlocksWithoutData() throws {
        #expect(try parse(": keep-alive\n\ndata: a\n\n") == [Event(), data("a")])
        #expect(try parse(": x\ndata: a\n\n") == [data("a")])
        #expect(try parse("event: x\n\n") == [Event(name: "x")])
    }

    @Test func linesEndInAnyOfThreeWays() throws {
        for end in ["\n", "\r", "\r\n"] {
            #expect(try parse("data: a\(end)data: b\(end)\(end)data: c\(end)\(end)") == [data("a\nb"), data("c")])
        }
        #expect(try parse("data: a\r\n\ndata: b\n\r\n") == [data("a"), data("b")])
        #expect(try parse("data: a\rdata: b\ndata: c\r\n\n") == [data("a\nb\nc")])
    }

    @Test func aBlockThatDoesNotEndIsNoEvent() throws {
        #expect(try parse("data: a\n\ndata: b\n") == [data("a")])
        #expect(try parse("data: a") == [])
        #expect(try parse("") == [])
    }

    @Test func moreBlankLinesThanNeededMakeNoEvents() throws {
        #expect(try parse("\n\n\ndata: a\n\n\n\ndata: b\n\n") == [data("a"), data("b")])
    }

    @Test func anOrderMarkAtTheBeginningIsSkipped() throws {
        #expect(try parse([[0xef], [0xbb, 0xbf] + Array("data: a\n\n".utf8)]).events == [data("a")])
        // One more is a part of the field's name, and two thirds of one as well.
        #expect(try parse([[0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf] + Array("data: a\n\n".utf8)]).events == [Event()])
        let cut = try parse([[0xef, 0xbb] + Array("data: a\n\n".utf8)])
        #expect(cut.events == [Event()])
        #expect(cut.raw == [0xef, 0xbb] + Array("data: a\n\n".utf8))
    }

    private static let streams: [String] = [
        "data: {\"a\":1}\n\ndata: [DONE]\n\n",
        "event: message_start\r\ndata: {\"type\":\"x\"}\r\n\r\n: c\r\n\r\ndata: é😀\r\ndata:\r\n\r\n",
        "data: a\r\rdata: b\r\r\ndata: c\n\r\n\n\n", "\n\ndata: a\n\nid: 1\ndata: b",
    ]

    @Test(arguments: streams)
    func howTheStreamIsCutMakesNoDifference(stream: String) throws {
        let bytes = Array(stream.utf8)
        let whole = try parse([bytes])
        #expect(whole.raw == bytes)
        let dripped = try parse(bytes.map { [$0] })
        #expect(dripped == whole)
        for split in bytes.indices {
            let pieces = try parse([Array(bytes[..<split]), [], Array(bytes[split...])])
            #expect(pieces == whole)
        }
        var random = RandomJSON(seed: 21)
        for _ in 0..<100 {
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = 1 + random.number(below: 9)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(try parse(pieces) == whole)
        }
    }

    @Test func aBlockLongerThanTheLimitIsRefusedBeforeItIsKept() throws {
        var parser = ServerSentEventParser(limitBytes: 16)
        #expect(try parser.append(Array("data: 01234567\n\n".utf8)).count == 1)
        #expect(throws: ServerSentEventParser.TooLarge(limitBytes: 16)) {
            _ = try parser.append(Array("data: 0123456789".utf8) + [0x61])
        }
        #expect(parser.remainder.count == 16)
    }

    @Test func noBytesTrap() throws {
        var random = RandomJSON(seed: 22)
        let alphabet = Array("data:event id\r\n\r\n\n\0".utf8) + [0xef, 0xbb, 0xbf, 0xff]
        for _ in 0..<500 {
            let bytes = (0..<random.number(below: 60)).map { _ in alphabet[random.number(below: alphabet.count)] }
            let whole = try parse([bytes])
            let dripped = try parse(bytes.map { [$0] })
            #expect(whole == dripped)
        }
    }
}
