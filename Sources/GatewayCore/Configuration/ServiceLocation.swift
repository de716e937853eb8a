/// Where a service is: `host:port`, `[IPv6 address]:port`, or `unix:` and the path of a socket.
package enum ServiceLocation: Hashable, Sendable, CustomStringConvertible {
    /// A name or an IP address, an IPv6 address without brackets; port 0 is any free one.
    case network(host: String, port: Int)
    case unixSocket(path: String)

    static let expectation = "host:port, [IPv6 address]:port or unix:/path"

    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            // What `sockaddr_un` holds on every platform, less the closing zero.
            guard (1...103).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
            self = .unixSocket(path: path)
            return
        }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = DecimalText.unsigned(text[text.utf8.index(after: colon)...]), port <= 65_535
        else { return nil }
        var host = text[..<colon]
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = Substring(host.utf8.dropFirst().dropLast())
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && !"[]/".utf8.contains($0) }) else {
            return nil
        }
        self = .network(host: String(host), port: Int(port))
    }

    package var description: String {
        switch self {
        case .network(let host, let port) where host.contains(":"): "[\(host)]:\(port)"
        case .network(let host, let port): "\(host):\(port)"
        case .unixSocket(let path): "unix:\(path)"
        }
    }
}
