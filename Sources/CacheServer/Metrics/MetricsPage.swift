import CacheMetrics
import NIOHTTP1

/// What the metrics endpoint answers.
struct MetricsPage: Hashable, Sendable {
    var status: HTTPResponseStatus
    var type = "text/plain; charset=utf-8"
    var text: String

    /// - Parameter uri: as the request has it; a query is nobody's business.
    init(_ method: HTTPMethod, _ uri: String, server: CacheServer) {
        guard method == .GET || method == .HEAD else {
            self.init(.methodNotAllowed, "Only GET and HEAD are answered here.\n")
            return
        }
        switch uri.prefix(while: { $0 != "?" }) {
        case "/metrics":
            self.init(.ok, server.exposition)
            type = MetricsRegistry.expositionType
        case "/healthz": self.init(.ok, "ok\n")
        case "/readyz":
            switch server.readiness {
            case .ready: self.init(.ok, "ready\n")
            case .notReady(let reason): self.init(.serviceUnavailable, "\(reason)\n")
            }
        default: self.init(.notFound, "There are /metrics, /healthz and /readyz.\n")
        }
    }

    private init(_ status: HTTPResponseStatus, _ text: String) {
        self.status = status
        self.text = text
    }
}
