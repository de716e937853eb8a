package import CacheModel
import NIOCore

/// Where the service listens.
///
///     127.0.0.1:7707   [::1]:7707   localhost:7707   10.1.2.3:7707   0.0.0.0:7707   unix:/run/semblance.sock
///
/// Names are not resolved, so that what is judged here is what is bound. Port 0 asks the system for a free one.
package enum ListenAddress: Hashable, Sendable {
    /// An address of the loopback interface, 127.0.0.0/8 or ::1, as a literal without brackets, and a port.
    case loopback(host: String, port: Int)
    /// Any other address, which other machines may reach: see `ExposureRule`.
    case network(host: String, port: Int)
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
            let literal = try Self.literal(host, in: text)
            self =
                Self.isLoopback(literal)
                ? .loopback(host: literal, port: port) : .network(host: literal, port: port)
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

    private static func literal(_ host: Substring, in text: String) throws(CacheError) -> String {
        // Not asked of the resolver: what the name means there is for others to change.
        if host == "localhost" { return "127.0.0.1" }
        guard let address = try? SocketAddress(ipAddress: String(host), port: 0), let literal = address.ipAddress else {
            throw invalid(text, "names are not resolved: write the IP address, 0.0.0.0 or [::] for every one")
        }
        return literal
    }

    private static func isLoopback(_ literal: String) -> Bool {
        let mapped = "::ffff:"
        let plain = literal.hasPrefix(mapped) ? literal.dropFirst(mapped.count) : literal[...]
        return literal == "::1" || plain.hasPrefix("127.")
    }

    private static func invalid(_ text: String, _ reason: String) -> CacheError {
        CacheError(.invalidConfiguration, "cannot listen there: \(reason)", detail: ["address": text])
    }
}

extension ListenAddress {
    /// Whether TLS is spoken there once there is a certificate: what goes through a Unix socket does not leave the kernel.
    var isEncryptable: Bool {
        if case .unixSocket = self { return false }
        return true
    }

    /// With the port that the system chose.
    func bound(to port: Int) -> ListenAddress {
        switch self {
        case .loopback(let host, _): .loopback(host: host, port: port)
        case .network(let host, _): .network(host: host, port: port)
        case .unixSocket: self
        }
    }
}

extension ListenAddress: LosslessStringConvertible {
    package init?(_ description: String) {
        guard let address = try? ListenAddress(parsing: description) else { return nil }
        self = address
    }

    package var description: String {
        switch self {
        case .loopback(let host, let port), .network(let host, let port):
            host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): "unix:\(path)"
        }
    }
}
