import AsyncHTTPClient
import FoundationEssentials
import GatewayCore
import NIOCore
import NIOHTTP1

/// Asks a gateway as an app does, and tells it news as a pipeline does.
struct DemoClient: Sendable {
    /// 32 bytes, for gateways that live as long as the demo.
    static let webhookSecret = "whsec_" + Data((0..<32).map { UInt8($0) }).base64EncodedString()

    struct Answer: Sendable {
        var headers: HTTPHeaders
        var milliseconds: Double

        /// Of a header of ours, without its prefix.
        subscript(name: String) -> String { headers.first(name: "x-semblance-" + name) ?? "" }
    }

    /// What came instead of an answer.
    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    private let http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup)

    func close() async throws { try await http.shutdown() }

    func ask(
        _ question: String, of gateway: ServiceLocation, model: String, dependsOn: String? = nil
    ) async throws -> Answer {
        let body = JSONWriter.object { json in
            json.member("model", model)
            json.member("max_completion_tokens", 80)
            json.arrayMember("messages") { messages in
                messages.object { message in
                    message.member("role", "user")
                    message.member("content", question)
                }
            }
        }
        // The next question may be about this answer.
        var headers = HTTPHeaders([("content-type", "application/json"), ("x-semblance-wait", "stored")])
        if let dependsOn { headers.add(name: "x-semblance-depends-on", value: dependsOn) }
        return try await post("/v1/chat/completions", of: gateway, body, headers)
    }

    /// - Parameter news: as `POST /v1/invalidations` takes it.
    func announce(_ news: String, to gateway: ServiceLocation) async throws -> Answer {
        let body = Array(news.utf8)
        let identifier = "msg_\(UInt64.random(in: 0 ... .max))"
        let timestamp = String(Int64(Date().timeIntervalSince1970))
        let signature = WebhookSecret(Self.webhookSecret)?.standardSignature(
            of: body, identifier: identifier, timestamp: timestamp)
        let headers = HTTPHeaders([
            ("content-type", "application/json"), ("webhook-id", identifier), ("webhook-timestamp", timestamp),
            ("webhook-signature", signature ?? ""),
        ])
        return try await post("/v1/invalidations", of: gateway, body, headers)
    }

    /// Returns when the gateway has reached its cache, which may have been started a moment ago.
    func waitForCache(of gateway: ServiceLocation) async throws {
        for _ in 0..<100 {
            let response = try await http.execute(
                HTTPClientRequest(url: "http://\(gateway)/readyz"), timeout: .seconds(10))
            let body = Array(buffer: try await response.body.collect(upTo: 1 << 16))
            if (try? JSONDocument(body, limits: .answer))?.root["status"]?.stringValue == "ok" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Problem(description: "the cache cannot be reached; semblance serve starts it, --cache says where it is")
    }

    private func post(
        _ path: String, of gateway: ServiceLocation, _ body: [UInt8], _ headers: HTTPHeaders
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://\(gateway)\(path)")
        request.method = .POST
        request.headers = headers
        request.body = .bytes(ByteBuffer(bytes: body))
        let start = ContinuousClock.now
        let response = try await http.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        let elapsed = ContinuousClock.now - start
        guard response.status == .ok else {
            throw Problem(description: "\(path) answers \(response.status.code): \(String(buffer: bytes))")
        }
        return Answer(headers: response.headers, milliseconds: elapsed / .milliseconds(1))
    }
}
