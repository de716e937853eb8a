import AsyncHTTPClient
import GatewayCore
import NIOCore
import NIOHTTP1

/// What one upstream is asked.
struct UpstreamCall: Sendable {
    var upstream: Upstream
    var api: ModelAPI
    /// As the client sent them, to be sifted.
    var fields: [HeaderField]
    var body: [UInt8]
    /// When the whole answer must be there.
    var deadline: ContinuousClock.Instant

    var request: HTTPClientRequest {
        var request = HTTPClientRequest(url: upstream.address(of: api))
        request.method = .POST
        for field in ForwardedHeaders.request(fields, to: upstream, api) {
            request.headers.add(name: field.name, value: field.value)
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }
}

/// What an upstream has begun to answer.
struct UpstreamResponse: Sendable {
    var status: Int
    /// Those that the client gets.
    var fields: [HeaderField]
    var body: HTTPClientResponse.Body

    init(_ response: HTTPClientResponse) {
        status = Int(response.status.code)
        fields = ForwardedHeaders.response(response.headers.map { HeaderField($0.name, $0.value) })
        body = response.body
    }

    /// Whether the body is a stream of events.
    var isEventStream: Bool {
        fields.contains { $0.name == "content-type" && $0.value.lowercased().hasPrefix("text/event-stream") }
    }

    /// How long the upstream asks to be left alone.
    var retryAfterMilliseconds: Int64? {
        fields.first { $0.name == "retry-after" }.flatMap { RetryRule.milliseconds(retryAfter: $0.value) }
    }
}
