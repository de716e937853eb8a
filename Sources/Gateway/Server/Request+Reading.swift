import GatewayCore
import HTTPTypes
import Hummingbird
import NIOCore

extension Request {
    /// The header's lines, in their order.
    var headerFieldList: [HeaderField] { headers.map { HeaderField($0.name.canonicalName, $0.value) } }

    /// - Throws: `method_not_allowed`, with what is allowed.
    func expect(_ method: HTTPRequest.Method) throws(Refusal) {
        guard self.method == method || (method == .get && self.method == .head) else {
            let error = GatewayError(
                .methodNotAllowed, "\(uri.path) takes \(method.rawValue), not \(self.method.rawValue).")
            let allowed = method == .get ? "GET, HEAD" : method.rawValue
            throw Refusal(error: error, fields: [HeaderField("allow", allowed)])
        }
    }

    func expect(_ method: HTTPRequest.Method, _ reply: () throws -> Reply) throws -> Reply {
        try expect(method)
        return try reply()
    }

    /// The whole body. One that says that it is too large is refused before it is read.
    ///
    /// - Throws: `request_too_large`, `unsupported_media_type`.
    func bodyBytes(limitBytes: Int) async throws -> [UInt8] {
        let length = headers[.contentLength].flatMap { Int($0) }
        // The server reads what is left of a body and throws it away: a client that still sends when its connection is
        // closed may never see the answer. Only what is very long, or of no length, is not worth that.
        let isDrained = length.map { $0 <= GatewayLimits.drainedBytes } ?? false
        let tooLarge = Refusal(
            error: GatewayError(.requestTooLarge, "The body has more than \(limitBytes) bytes."),
            fields: isDrained ? [] : [HeaderField("connection", "close")])
        if let type = headers[.contentType], !Self.isJSON(type) {
            throw GatewayError(.unsupportedMediaType, "The body must be application/json.", parameter: "content-type")
        }
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw GatewayError(.unsupportedMediaType, "The body must not be compressed.", parameter: "content-encoding")
        }
        if let length, length > limitBytes { throw tooLarge }
        var bytes: [UInt8] = []
        for try await buffer in body {
            guard buffer.readableBytes <= limitBytes - bytes.count else { throw tooLarge }
            bytes += buffer.readableBytesView
        }
        return bytes
    }

    private static func isJSON(_ type: String) -> Bool {
        let essence = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return essence == "application/json" || essence.hasSuffix("+json")
    }
}
