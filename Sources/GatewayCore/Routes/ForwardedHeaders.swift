/// Which lines of a header go on to the other side.
package enum ForwardedHeaders {
    /// About one connection and nothing beyond it, or made anew by whoever sends.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "trailers", "transfer-encoding", "upgrade", "http2-settings", "content-length",
    ]

    /// Keys of clients.
    private static let credentials: Set<String> = ["authorization", "x-api-key", "api-key"]

    /// About the client's way to the gateway, or what the gateway does itself: it sends a body of its own, and reads
    /// what comes back.
    private static let ofTheClientOnly: Set<String> = [
        "host", "expect", "cookie", "accept-encoding", "content-encoding", "cache-control", "pragma", "forwarded",
        "via",
        "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
    ]

    /// About the upstream's way to the gateway. `content-encoding` goes with the compression, which ends here.
    private static let ofTheUpstreamOnly: Set<String> = [
        "set-cookie", "content-encoding", "alt-svc", "strict-transport-security", "server", "via", "age", "date",
    ]

    /// The lines of a client's request that its upstream gets, with the credential it is to have.
    package static func request(_ fields: [HeaderField], to upstream: Upstream, _ api: ModelAPI) -> [HeaderField] {
        let named = namedByConnection(fields)
        var forwarded = fields.filter { field in
            field.isValid && !field.isOwn && !hopByHop.contains(field.name) && !credentials.contains(field.name)
                && !ofTheClientOnly.contains(field.name) && !field.name.hasPrefix("x-forwarded-")
                && !field.name.hasPrefix(":") && !named.contains(field.name)
        }
        switch upstream.credential {
        case .none: break
        case .client: forwarded += fields.filter { $0.isValid && credentials.contains($0.name) }
        case .key(let key): forwarded.append(credential(key, upstream.kind, api))
        }
        let versionHeader = "anthropic-version"
        if upstream.kind == .anthropic, api == .messages, !forwarded.contains(where: { $0.name == versionHeader }) {
            forwarded.append(HeaderField(versionHeader, "2023-06-01"))
        }
        return forwarded
    }

    /// The lines of an upstream's response that the client gets. An upstream never speaks in the gateway's name.
    package static func response(_ fields: [HeaderField]) -> [HeaderField] {
        let named = namedByConnection(fields)
        return fields.filter { field in
            field.isValid && !field.isOwn && !hopByHop.contains(field.name) && !ofTheUpstreamOnly.contains(field.name)
                && !field.name.hasPrefix(":") && !named.contains(field.name)
        }
    }

    private static func credential(_ key: Secret, _ kind: UpstreamKind, _ api: ModelAPI) -> HeaderField {
        if kind == .anthropic, api == .messages { return HeaderField("x-api-key", key.value) }
        return HeaderField("authorization", "Bearer \(key.value)")
    }

    /// Lines that `Connection` declares to be about this connection only.
    private static func namedByConnection(_ fields: [HeaderField]) -> Set<String> {
        Set(fields.values("connection").flatMap { HeaderList.elements($0).map { $0.lowercased() } })
    }
}
