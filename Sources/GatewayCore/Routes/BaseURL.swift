/// Where an upstream is: `https://api.openai.com/v1`, with a query if it needs one on every call.
package struct BaseURL: Hashable, Sendable, CustomStringConvertible {
    /// Scheme, host and path, without a slash at the end.
    private var stem: String
    /// With its question mark; empty for none.
    private var query: String
    private var hasPath: Bool

    /// - Returns: nil for what is no `http` or `https` URL with a host, and for one with a user, a password or a
    ///   fragment.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longestBytes, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            !text.utf8.contains(UInt8(ascii: "#")), !text.utf8.contains(UInt8(ascii: "\\"))
        else { return nil }
        let (beforeQuery, query) = HeaderList.halves(text[...], at: UInt8(ascii: "?"))
        guard let scheme = ["https://", "http://"].first(where: { beforeQuery.lowercased().hasPrefix($0) }) else {
            return nil
        }
        var path = Substring(beforeQuery.utf8.dropFirst(scheme.utf8.count))
        let authority = HeaderList.halves(path, at: UInt8(ascii: "/")).0
        guard Self.isAuthority(authority) else { return nil }
        while path.utf8.last == UInt8(ascii: "/") { path = Substring(path.utf8.dropLast()) }
        stem = scheme + path
        hasPath = path.utf8.count > authority.utf8.count
        self.query = query.map { $0.isEmpty ? "" : "?\($0)" } ?? ""
    }

    package var description: String { stem + query }

    /// The address of an endpoint, as the clients of its kind would join it.
    ///
    /// - Parameters:
    ///   - path: with a slash and the version at its beginning: `/v1/models`.
    ///   - kind: Anthropic's clients add the version to any base. OpenAI's add none, as their base has it; here a base
    ///     without a path may leave it out. No version is ever repeated.
    package func joined(_ path: String, _ kind: UpstreamKind) -> String {
        let version = "/v1"
        let addsVersion = kind == .anthropic ? !stem.hasSuffix(version) : !hasPath
        let isVersioned = path.hasPrefix(version + "/")
        return stem + (isVersioned && !addsVersion ? path.dropFirst(version.count) : path[...]) + query
    }

    private static let longestBytes = 2_048

    private static func isAuthority(_ text: Substring) -> Bool {
        var host = text
        if let bracket = text.utf8.lastIndex(of: UInt8(ascii: "]")) {
            host = text[...bracket]
        } else if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) {
            host = text[..<colon]
        }
        let port = text[host.endIndex...]
        if !port.isEmpty {
            guard port.utf8.first == UInt8(ascii: ":"), let number = DecimalText.unsigned(port.dropFirst()),
                (1...65_535).contains(number)
            else { return false }
        }
        if host.utf8.first == UInt8(ascii: "[") {
            let inner = host.utf8.dropFirst().dropLast()
            return host.utf8.last == UInt8(ascii: "]") && inner.count >= 2
                && inner.allSatisfy { "0123456789abcdefABCDEF:.".utf8.contains($0) }
        }
        return !host.isEmpty
            && host.utf8.allSatisfy {
                HeaderField.isTokenByte($0) && !"!#$%&'*+^`|".utf8.contains($0)
            }
    }
}
