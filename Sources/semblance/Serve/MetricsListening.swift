import CacheModel
import CacheServer
import Logging

/// Where metrics are served.
enum MetricsListening: Hashable, Sendable {
    case off
    /// On `standardAddress` if it is free: a second service on a machine needs no option to start.
    case standard
    /// Somebody has named the address, so the service does not start without it.
    case at(ListenAddress)

    static let standardAddress = ListenAddress.loopback(host: "127.0.0.1", port: 7_708)

    /// - Throws: `invalidConfiguration` with the reason.
    init(parsing text: String) throws(CacheError) {
        guard text != "off" else {
            self = .off
            return
        }
        let address = try ListenAddress(parsing: text)
        if case .unixSocket = address {
            throw CacheError(.invalidConfiguration, "metrics are served on a port, such as 127.0.0.1:7708, or off")
        }
        self = .at(address)
    }

    /// - Returns: nil for `off`.
    func endpoint(of server: CacheServer, logger: Logger) throws(CacheError) -> MetricsEndpoint? {
        switch self {
        case .off: nil
        case .standard:
            try MetricsEndpoint(address: Self.standardAddress, isRequired: false, server: server, logger: logger)
        case .at(let address):
            try MetricsEndpoint(address: address, isRequired: true, server: server, logger: logger)
        }
    }
}
