package import CacheModel
import NIOCore

/// Where the service listens: a loopback address or a Unix socket.
///
///     127.0.0.1:7707   [::1]:7707   localhost:7707   unix:/run/semblance.sock
///
/// Every other address is refused until tokens and TLS exist. Port 0 asks the system for a free one.
package enum ListenAddress: Hashable, Sendable {
    /// An address of the loopback interface as a literal without brackets, and a port.
    case loopback(host: String, port: Int)
    case unixSocket(path: String)

    package static let standard = ListenAddress.loopback(host: "127.0.0.1", port: 7_707)
    /// Bytes of a path that every platform has room for in a socket's address, its closing zero not counted.
    static let pathBytes = 103

    /// - Throws: `invalidConfiguration` with the reason.
    package init(parsing text: String) throws(CacheError) {
        if text.hasPrefix("unix:") {
            self = .unixSocket(path: try Self.path(text.dropFirst(5), in: text))
        } else {
            let (host, port) = try Self.split(text)
            self = .loopback(host: try Self.loopback(host, in: text), port: port)
        }
    }

    private static func path(_ path: Substring, in text: String) throws(CacheError) -> String {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw invalid(text, "the path of the Unix socket is missing")
        }
        guard path.utf8.count <= pathBytes else {
            throw invalid(text, "the path of a Unix socket has at most \(pathBytes) bytes")
        }
        return String(path)
    }

    private static func split(_ text: String) throws(CacheError) -> (host: Substring, port: Int) {
        let form = "an address is written 127.0.0.1:7707, [::1]:7707 or unix:/path"
        guard let colon = text.lastIndex(of: ":") else { throw invalid(text, form) }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(digits)
        else { throw invalid(text, "a port is a number from 0 through 65535") }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { throw invalid(text, form) }
        } else if host.contains(":") || host.isEmpty {
            throw invalid(text, form)
        }
        return (host, Int(port))
    }

    private static func loopback(_ host: Substring, in text: String) throws(CacheError) -> String {
        // Not asked of the resolver: what the name means there is for others to change.
        if host == "localhost" { return "127.0.0.1" }
        guard let address = try? SocketAddress(ipAddress: String(host), port: 0), let literal = address.ipAddress else {
            throw invalid(text, "names are not resolved: name an address of the loopback interface, or a Unix socket")
        }
        let mapped = "::ffff:"
        let plain = literal.hasPrefix(mapped) ? literal.dropFirst(mapped.count) : literal[...]
        guard literal == "::1" || plain.hasPrefix("127.") else {
            throw invalid(
                text, "only loopback addresses and Unix sockets are served until there are tokens and TLS")
        }
        return literal
    }

    private static func invalid(_ text: String, _ reason: String) -> CacheError {
        CacheError(.invalidConfiguration, "cannot listen there: \(reason)", detail: ["address": text])
    }
}

extension ListenAddress: LosslessStringConvertible {
    package init?(_ description: String) {
        guard let address = try? ListenAddress(parsing: description) else { return nil }
        self = address
    }

    package var description: String {
        switch self {
        case .loopback(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): "unix:\(path)"
        }
    }
}
