import CacheProtocol

/// The document that STATISTICS answers with.
///
///     {"version": "0.1.0", "uptimeSeconds": 12,
///      "engine":   {"position": "00c1f3a09b2e7d44:17", "entryCount": 3, …},
///      "server":   {"connections": 1, "bytesReceived": 4711, …},
///      "access":   {"demandsTokens": true, "forbidden": {"insert": 2, …}, …},
///      "requests": {"hello": 1, "lookup": 3, …},
///      "histograms": {"stage.search": {"count": 3, "sum": 210000, "buckets": {"65536": 1, "73728": 2}}, …}}
///
/// Counts begin with the process. Names stay what they are; later versions may add some.
struct ServerStatistics {
    var uptimeSeconds: Int
    var engine: [StatisticsField]
    var counts: ServerCounters.Values
    var credentials: TLSCredentials.Counts
    var bytesInFlight: Int
    var access: [StatisticsField]
    var histograms: [StatisticsField]

    var document: StatisticsField.Value {
        .object([
            StatisticsField("version", .text(ServiceVersion.current)),
            StatisticsField("uptimeSeconds", uptimeSeconds),
            StatisticsField("engine", .object(engine)),
            StatisticsField("server", .object(server)),
            StatisticsField("access", .object(access)),
            StatisticsField("requests", .object(requests)),
            StatisticsField("histograms", .object(histograms)),
        ])
    }

    private var server: [StatisticsField] {
        [
            StatisticsField("connections", counts.connectionsAccepted - counts.connectionsClosed),
            StatisticsField("connectionsAccepted", counts.connectionsAccepted),
            StatisticsField("connectionsRefused", counts.connectionsRefused),
            StatisticsField("protocolErrors", counts.protocolErrors),
            StatisticsField("deadlinesExceeded", counts.deadlinesExceeded),
            StatisticsField("requestsRefused", counts.requestsRefused),
            StatisticsField("handshakesFailed", counts.handshakesFailed),
            StatisticsField("certificateReloads", credentials.reloads),
            StatisticsField("certificateReloadsFailed", credentials.reloadsFailed),
            StatisticsField("certificateExpiresAt", credentials.expiresAtSeconds),
            StatisticsField("bytesReceived", counts.bytesReceived),
            StatisticsField("bytesSent", counts.bytesSent),
            StatisticsField("bytesInFlight", bytesInFlight),
        ]
    }

    private var requests: [StatisticsField] {
        Opcode.requests.map { StatisticsField("\($0)", counts.requests($0)) }
    }
}
