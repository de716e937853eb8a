import FoundationEssentials
import GatewayCore
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
package import ServiceLifecycle

/// An upstream for trying things out without a key: it speaks the APIs of OpenAI and Anthropic, takes as long as a model
/// would, and says in every answer that it is none.
package struct SimulatedUpstream: Service {
    /// How long a model takes.
    package struct Pace: Sendable {
        package var firstWordMilliseconds = 400
        package var wordMilliseconds = 25

        package init() {}
    }

    private let host: String
    private let port: Int
    private let pace: Pace
    private let logger: Logger
    private let onListening: @Sendable (Int) -> Void

    private static let bodyLimitBytes = 16 << 20

    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - onListening: is told the port.
    package init(
        host: String = "127.0.0.1", port: Int, pace: Pace = Pace(), logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void
    ) {
        self.host = host
        self.port = port
        self.pace = pace
        self.logger = logger
        self.onListening = onListening
    }

    package func run() async throws {
        let router = Router()
        for api in ModelAPI.allCases where api != .embeddings {
            router.post(RouterPath(api.path)) { request, _ in try await answer(api, request) }
        }
        router.get("/v1/models") { _, _ in
            let model = #"{"id":"simulated","object":"model","created":0,"owned_by":"semblance"}"#
            return Self.json(Array(#"{"object":"list","data":[\#(model)]}"#.utf8))
        }
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { [onListening] channel in onListening(channel.localAddress?.port ?? 0) },
            logger: logger)
        try await application.run()
    }

    private func answer(_ api: ModelAPI, _ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.bodyLimitBytes)
        do {
            let asked = try ModelRequest(api, body: Array(body.readableBytesView))
            let answer = SimulatedAnswer(
                request: asked, identifier: (api.identifierPrefix ?? "") + Self.randomName(),
                createdSeconds: Self.nowSeconds)
            try await Task.sleep(for: .milliseconds(pace.firstWordMilliseconds))
            guard asked.isStream else {
                try await Task.sleep(for: .milliseconds(pace.wordMilliseconds * answer.words.count))
                return Self.json(answer.body())
            }
            return stream(answer)
        } catch let error as GatewayError {
            let bytes = error.body(ErrorFormat(api), requestIdentifier: "simulated")
            return Self.json(bytes, status: error.code.status)
        }
    }

    private func stream(_ answer: SimulatedAnswer) -> Response {
        let pace = pace
        let body = ResponseBody { writer in
            let (opening, words, closing) = answer.events()
            for event in opening { try await writer.write(ByteBuffer(bytes: event)) }
            for event in words {
                try await Task.sleep(for: .milliseconds(pace.wordMilliseconds))
                try await writer.write(ByteBuffer(bytes: event))
            }
            for event in closing { try await writer.write(ByteBuffer(bytes: event)) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8"], body: body)
    }

    private static func json(_ bytes: [UInt8], status: Int = 200) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static var nowSeconds: Int64 { Int64(Date().timeIntervalSince1970) }

    private static func randomName() -> String { String(UInt64.random(in: 0 ... .max), radix: 36) }
}
