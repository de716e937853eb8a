import GatewayCore
import NIOCore

/// An answer to a request of HTTP, before anybody writes it to a socket.
struct Reply: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Events of a stream, one at a time.
        case events(ReplayEvents)
        /// What an upstream is about to say.
        case flight(FlightListener, ErrorFormat)
    }

    var status: Int
    var fields: [HeaderField]
    var body: Body
    let cleanup = ReplyCleanup()

    init(status: Int = 200, contentType: String? = nil, fields: [HeaderField] = [], body: Body) {
        self.status = status
        self.fields = (contentType.map { [HeaderField("content-type", $0)] } ?? []) + fields
        self.body = body
    }

    static func json(_ bytes: [UInt8], status: Int = 200, fields: [HeaderField] = []) -> Reply {
        Reply(status: status, contentType: "application/json", fields: fields, body: .bytes(bytes))
    }
}

/// A request that is refused, and what had been found out until then.
struct Refusal: Error {
    var error: GatewayError
    var disclosure: Disclosure?
    var fields: [HeaderField] = []
}
