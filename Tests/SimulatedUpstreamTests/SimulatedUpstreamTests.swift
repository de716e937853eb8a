import AsyncHTTPClient
import GatewayCore
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import SimulatedUpstream
import Synchronization
import Testing

/// What it says is read as the gateway reads any upstream.
@Suite struct SimulatedUpstreamTests {
    private static func with(_ body: (_ post: (ModelAPI, String) async throws -> [UInt8]) async throws -> Void) async throws {
        var pace = SimulatedUpstream.Pace()
        pace.firstWordMilliseconds = 0
        pace.wordMilliseconds = 0
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let upstream = SimulatedUpstream(port: 0, pace: pace, logger: logger) { continuation.yield($0) }
        let group = ServiceGroup(configuration: .init(services: [.init(service: upstream)], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await body { api, request in
                var message = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(api.path)")
                message.method = .POST
                message.body = .bytes(ByteBuffer(string: request))
                let response = try await HTTPClient.shared.execute(message, timeout: .seconds(30))
                return Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private static func request(_ api: ModelAPI, isStream: Bool) -> String {
        let stream = isStream ? #","stream":true"# : ""
        return switch api {
        case .responses: #"{"model":"m","input":"What is the time?"\#(stream)}"#
        default: #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"What is the time?"}]\#(stream)}"#
        }
    }

    @Test(arguments: [ModelAPI.chatCompletions, .responses, .messages])
    func aWholeAnswerSaysThatItIsSimulatedAndCanBeStored(_ api: ModelAPI) async throws {
        try await Self.with { post in
            let answer = RecordedAnswer(api, status: 200, body: try await post(api, Self.request(api, isStream: false)))
            #expect(answer.exclusion(limitBytes: 1 << 20) == nil)
            let text = String(decoding: answer.text, as: UTF8.self)
            #expect(text.contains("[simulated]") && text.contains("What is the time?"))
            #expect((answer.usage?.totalTokens ?? 0) > 1)
        }
    }

    @Test(arguments: [ModelAPI.chatCompletions, .responses, .messages])
    func aStreamIsTheSameAnswerWordByWord(_ api: ModelAPI) async throws {
        try await Self.with { post in
            let whole = RecordedAnswer(api, status: 200, body: try await post(api, Self.request(api, isStream: false)))
            var parser = ServerSentEventParser()
            var recorder = AnswerRecorder(api)
            for event in try parser.append(try await post(api, Self.request(api, isStream: true))) {
                _ = recorder.record(event)
            }
            #expect(recorder.answer.ending == .complete)
            #expect(recorder.answer.exclusion(limitBytes: 1 << 20) == nil)
            #expect(recorder.answer.text == whole.text && recorder.answer.chunkEnds.count > 10)
        }
    }

    @Test func aRequestThatIsNoneGetsAnError() async throws {
        try await Self.with { post in
            let body = String(decoding: try await post(.chatCompletions, "{"), as: UTF8.self)
            #expect(body.contains("invalid_json"))
        }
    }
}
