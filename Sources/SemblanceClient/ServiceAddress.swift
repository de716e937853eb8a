public import CacheModel

/// Where a cache service listens: `host:port`, `[IPv6 address]:port`, or `unix:` and the path of a socket.
public enum ServiceAddress: Hashable, Sendable {
    /// A name or an IP address, an IPv6 address without brackets; the port is 1 through 65,535.
    case network(host: String, port: Int)
    /// The path of a Unix domain socket.
    case unixSocket(path: String)

    /// Where the service listens unless it is told otherwise.
    public static let standard = ServiceAddress.network(host: "127.0.0.1", port: 7707)

    /// Bytes that the path of a socket may have: what `sockaddr_un` holds on every platform, less the closing zero.
    static let pathLimitBytes = 103

    /// Reads an address that a person wrote.
    ///
    /// - Throws: `.invalidConfiguration`; its message says what is wrong, its detail `address` holds the text.
    public init(parsing text: String) throws(CacheError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard !path.isEmpty else { throw Self.invalid(text, "the path of the socket is missing after 'unix:'") }
            guard path.utf8.count <= Self.pathLimitBytes, !path.utf8.contains(0) else {
                throw Self.invalid(text, "the path of a socket has at most \(Self.pathLimitBytes) bytes, none zero")
            }
            self = .unixSocket(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else {
            throw Self.invalid(text, "an address is 'host:port' or 'unix:/path'")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw Self.invalid(text, "an IPv6 address is written in brackets: '[::1]:7707'")
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "[" || $0 == "]" || $0 == "/" }) else {
            throw Self.invalid(text, "the part before the port is not a host name or an IP address")
        }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port)
        else { throw Self.invalid(text, "a port is a number from 1 through 65535") }
        self = .network(host: String(host), port: port)
    }

    private static func invalid(_ text: String, _ message: String) -> CacheError {
        CacheError(.invalidConfiguration, message, detail: ["address": text])
    }
}

extension ServiceAddress: LosslessStringConvertible {
    /// Nil where `init(parsing:)` throws; that one says why.
    public init?(_ description: String) {
        guard let address = try? ServiceAddress(parsing: description) else { return nil }
        self = address
    }

    public var description: String {
        switch self {
        case .network(let host, let port) where host.contains(":"): "[\(host)]:\(port)"
        case .network(let host, let port): "\(host):\(port)"
        case .unixSocket(let path): "unix:\(path)"
        }
    }
}
