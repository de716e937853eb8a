import GatewayCore
import HTTPTypes
import Hummingbird
import NIOCore

extension Reply {
    /// The response for Hummingbird. What an upstream says is flushed as it comes.
    func response(identifier: String) -> Response {
        var headers = HTTPFields()
        for field in fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            headers.append(HTTPField(name: name, value: field.value))
        }
        if let name = HTTPField.Name(HeaderField.ownPrefix + "request-id"), headers[name] == nil {
            headers[name] = identifier
        }
        return Response(status: .init(code: status), headers: headers, body: responseBody(identifier))
    }

    /// What is not more than this is written as one with the head. Until then nobody counts it as under way, and what
    /// is to be done after the reply is done before.
    private static let smallBytes = 64 << 10

    private func responseBody(_ identifier: String) -> ResponseBody {
        // Whoever drops the response unwritten drops this as well, which cleans up.
        let cleanup = cleanup
        switch body {
        case .bytes(let bytes):
            let buffer = ByteBuffer(bytes: bytes)
            guard bytes.count > Self.smallBytes else { return ResponseBody(byteBuffer: buffer) }
            return ResponseBody(contentLength: bytes.count) { writer in
                defer { cleanup.run() }
                try await writer.write(buffer)
                try await writer.finish(nil)
            }
        case .events(var events):
            // Nobody waits for a single event of a replay: many together cost a fraction of the writes.
            let first = Self.piece(of: &events)
            let rest = events
            guard first.readableBytes >= Self.smallBytes else { return ResponseBody(byteBuffer: first) }
            return ResponseBody { writer in
                defer { cleanup.run() }
                try await writer.write(first)
                var events = rest
                while true {
                    let piece = Self.piece(of: &events)
                    guard piece.readableBytes > 0 else { break }
                    try await writer.write(piece)
                }
                try await writer.finish(nil)
            }
        case .flight(let listener, let format):
            cleanup.add { listener.leave() }
            return ResponseBody { writer in
                defer { cleanup.run() }
                let stored = try await Self.write(listener, format, identifier, to: &writer)
                try await writer.finish(Self.trailer(stored))
            }
        }
    }

    /// - Returns: the next events, together at least `smallBytes` unless there are no more.
    private static func piece(of events: inout ReplayEvents) -> ByteBuffer {
        var piece = ByteBuffer()
        while piece.readableBytes < smallBytes, let event = events.next() { piece.writeBytes(event) }
        return piece
    }

    /// Whether a stream has been stored is known at its end only, and said there.
    private static func trailer(_ stored: Disclosure.Stored?) -> HTTPFields? {
        guard let stored, let name = HTTPField.Name(Disclosure.storedHeader) else { return nil }
        return [name: stored.text]
    }

    /// - Returns: whether the answer is stored now.
    /// - Throws: when the answer breaks off inside of an event, so that the connection breaks off as well: an error
    ///   after half an event would be read as a part of it.
    private static func write(
        _ listener: FlightListener, _ format: ErrorFormat, _ identifier: String, to writer: inout any ResponseBodyWriter
    ) async throws -> Disclosure.Stored? {
        while true {
            switch try await listener.next() {
            case .bytes(let buffer): try await writer.write(buffer)
            case .end(let ending):
                guard let error = ending.error else { return ending.stored }
                if ending.isInsideEvent { throw error }
                try await writer.write(ByteBuffer(bytes: error.event(format, requestIdentifier: identifier)))
                return ending.stored
            }
        }
    }
}

extension Disclosure {
    static let storedHeader = HeaderField.ownPrefix + "stored"
}
