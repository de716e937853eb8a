import AsyncHTTPClient
import CacheModel
import Gateway
import GatewayCore
import NIOCore
import NIOHTTP1
import SemblanceClient
import Testing

/// Requests that ask the same at the same time.
@Suite struct SharedCallTests {
    private static let question = UpstreamAnswers.request(.chatCompletions, "The same?")
    private static let streamed = UpstreamAnswers.request(
        .chatCompletions, "The same?", isStream: true, extra: #","stream_options":{"include_usage":true}"#)
    private static let events = UpstreamAnswers.events(.chatCompletions, ["One", " answer", "."])

    @Test func aThousandIdenticalMissesMakeOneUpstreamCall() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, _ in
                [.wait(gate)] + UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "One answer."))
            },
            { gateway in
                let count = 1_000
                let answers = try await withThrowingTaskGroup(of: RunningGateway.Answer.self) { group in
                    for _ in 0..<count {
                        group.addTask { try await gateway.post(.chatCompletions, Self.question) }
                    }
                    group.addTask {
                        await gateway.upstream.arrivals(1)
                        // All but the first wait for its call.
                        while gateway.server.counters[.joined] < count - 1 { await Task.yield() }
                        gate.open()
                        return .init(status: 0, headers: [:], body: [])
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.filter { $0.status == 200 && $0.text.contains("One answer.") }.count == count)
                #expect(gateway.upstream.count == 1)
            })
    }

    @Test func whoJoinsAStreamHearsItFromTheBeginning() async throws {
        let gate = Gate()
        let bytes = Array(Self.events.utf8)
        try await RunningGateway.with(
            script: { _, _ in
                [
                    .text(UpstreamAnswers.streamHead), .text(UpstreamAnswers.chunks(Array(bytes[..<300]))),
                    .wait(gate), .text(UpstreamAnswers.chunks(Array(bytes[300...]))), .text("0\r\n\r\n"),
                ]
            },
            { gateway in
                async let first = gateway.post(.chatCompletions, Self.streamed)
                await gateway.upstream.arrivals(1)
                async let second = gateway.post(.chatCompletions, Self.streamed)
                while gateway.server.counters[.joined] < 1 { await Task.yield() }
                gate.open()
                let texts = try await [first.text, second.text]
                #expect(texts == [Self.events, Self.events])
                #expect(gateway.upstream.count == 1)
            })
    }

    @Test func aChunkIsFlushedWhenItComes() async throws {
        let gate = Gate()
        let bytes = Array(Self.events.utf8)
        try await RunningGateway.with(
            script: { _, _ in
                [
                    .text(UpstreamAnswers.streamHead), .text(UpstreamAnswers.chunks(Array(bytes[..<100]))),
                    .wait(gate), .text(UpstreamAnswers.chunks(Array(bytes[100...]))), .text("0\r\n\r\n"),
                ]
            },
            { gateway in
                let response = try await gateway.begin(.chatCompletions, Self.streamed)
                var received: [UInt8] = []
                for try await buffer in response.body {
                    received += buffer.readableBytesView
                    // The upstream says nothing more until the client has had this.
                    if received.count == 100 { gate.open() }
                }
                #expect(received == bytes)
            })
    }

    @Test func theUpstreamIsCancelledWhenTheClientGoesAway() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, number in
                number == 1
                    ? [
                        .text(UpstreamAnswers.streamHead), .text(UpstreamAnswers.chunks(Array("data: {}".utf8))),
                        .wait(gate),
                    ]
                    : UpstreamAnswers.stream(Self.events)
            },
            { gateway in
                let asking = Task {
                    let response = try await gateway.begin(.chatCompletions, Self.streamed)
                    for try await _ in response.body {}
                }
                await gateway.upstream.arrivals(1)
                asking.cancel()
                await gateway.upstream.loss()
                gate.open()
                // Nothing of it is left behind.
                let answer = try await gateway.post(.chatCompletions, Self.streamed)
                #expect(answer.cache == "miss")
                #expect(answer.text == Self.events)
            })
    }

    @Test func whoHangsUpAfterTheMarkOfTheEndGivesUpNothing() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, _ in
                [
                    .text(UpstreamAnswers.streamHead), .text(UpstreamAnswers.chunks(Array(Self.events.utf8))),
                    .wait(gate), .text("0\r\n\r\n"),
                ]
            },
            { gateway in
                let asking = Task {
                    let response = try await gateway.begin(.chatCompletions, Self.streamed)
                    var count = 0
                    for try await buffer in response.body {
                        count += buffer.readableBytes
                        if count == Self.events.utf8.count { break }
                    }
                }
                try await asking.value
                // The connection of the client is closed by now, or will be before the next one is answered.
                #expect(try await gateway.send("GET", "/healthz").status == 200)
                gate.open()
                while gateway.server.counters[.stored] == 0 { await Task.yield() }
                #expect(try await gateway.post(.chatCompletions, Self.streamed).cache == "hit")
            })
    }

    @Test func theUpstreamIsCancelledBeforeItHasSaidAnything() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, _ in [.wait(gate)] },
            { gateway in
                let asking = Task { try await gateway.post(.chatCompletions, Self.question) }
                await gateway.upstream.arrivals(1)
                asking.cancel()
                await gateway.upstream.loss()
                gate.open()
            })
    }

    @Test func theCallGoesOnWhileAnybodyListens() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, _ in [.wait(gate)] + UpstreamAnswers.stream(Self.events) },
            { gateway in
                let leader = Task { try await gateway.post(.chatCompletions, Self.streamed) }
                await gateway.upstream.arrivals(1)
                async let follower = gateway.post(.chatCompletions, Self.streamed)
                while gateway.server.counters[.joined] < 1 { await Task.yield() }
                leader.cancel()
                _ = await leader.result
                gate.open()
                let heard = try await follower.text
                #expect(heard == Self.events)
                #expect(gateway.upstream.count == 1)
                #expect(try await gateway.post(.chatCompletions, Self.streamed).cache == "hit")
            })
    }

    @Test(arguments: [("x-semblance-deadline", "1h"), ("cache-control", "no-store"), ("cache-control", "no-cache")])
    func whoHasTermsOfItsOwnSharesNoCall(name: String, value: String) async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, number in
                [.wait(gate)] + UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number)."))
            },
            { gateway in
                async let first = gateway.post(.chatCompletions, Self.question)
                await gateway.upstream.arrivals(1)
                async let second = gateway.post(.chatCompletions, Self.question, [(name, value)])
                await gateway.upstream.arrivals(2)
                gate.open()
                let texts = try await [first.text, second.text]
                #expect(texts[0].contains("Answer 1.") && texts[1].contains("Answer 2."))
            })
    }

    @Test func nobodyJoinsACallFromBeforeAnInvalidation() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, number in
                (number == 1 ? [.wait(gate)] : [])
                    + UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "Answer \(number)."))
            },
            { gateway in
                let headers = [("x-semblance-depends-on", "kb/refunds@1")]
                async let first = gateway.post(.chatCompletions, Self.question, headers)
                await gateway.upstream.arrivals(1)
                let cache = try #require(gateway.cache)
                try await cache.invalidate(.init(source: "kb/refunds", change: .version(1)), in: "default")
                let second = try await gateway.post(.chatCompletions, Self.question, headers)
                #expect(second.text.contains("Answer 2."))
                gate.open()
                let early = try await first.text
                #expect(early.contains("Answer 1."))
            })
    }
}

extension RunningGateway {
    /// A request whose answer is read by the caller.
    func begin(_ api: ModelAPI, _ body: String) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(api.path)")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
        return try await http.execute(request, timeout: .seconds(60))
    }
}
