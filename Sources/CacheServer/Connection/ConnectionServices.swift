import CacheModel
import CacheProtocol
package import Logging
package import NIOCore

/// What all connections of a server share.
package struct ConnectionServices: Sendable {
    package let executor: any RequestExecutor
    package let limits: ServerLimits
    package let terms: ConnectionTerms
    package let gauge: ByteGauge
    /// One for each event loop.
    package let counters: [ObjectIdentifier: ServerCounters]
    private let activities: [ObjectIdentifier: LoopActivity]
    package let startedAt: NIODeadline
    /// Nil where nobody is asked for a token.
    package let access: AccessControl?
    package let metrics: ServiceMetrics
    /// Nil without TLS.
    let credentials: TLSCredentials?
    package let logger: Logger
    /// The limits as the reply to HELLO reports them.
    let reportedLimits: ServiceLimits

    package init(
        executor: any RequestExecutor, limits: ServerLimits, deadlines: ServerDeadlines, eventLoops: [any EventLoop],
        startedAt: NIODeadline, access: AccessControl? = nil, metrics: ServiceMetrics = ServiceMetrics(),
        credentials: TLSCredentials? = nil,
        logger: Logger
    ) {
        self.access = access
        self.executor = executor
        self.limits = limits
        self.startedAt = startedAt
        self.metrics = metrics
        self.credentials = credentials
        self.logger = logger
        terms = ConnectionTerms(limits: limits, deadlines: deadlines)
        gauge = ByteGauge(limitBytes: limits.bytesInFlight)
        counters = Dictionary(eventLoops.map { (ObjectIdentifier($0), ServerCounters()) }) { first, _ in first }
        activities = Dictionary(eventLoops.map { (ObjectIdentifier($0), LoopActivity()) }) { first, _ in first }
        var reported = ServiceLimits.current
        reported[.requestsInFlight] = limits.requestsInFlightPerConnection
        reported[.bytesInFlight] = limits.bytesInFlightPerConnection
        reportedLimits = reported
    }

    package func counters(of eventLoop: any EventLoop) -> ServerCounters {
        // Channels live on the loops of the group; for another one, what is counted is lost.
        counters[ObjectIdentifier(eventLoop)] ?? ServerCounters()
    }

    package func activity(of eventLoop: any EventLoop) -> LoopActivity {
        activities[ObjectIdentifier(eventLoop)] ?? LoopActivity()
    }

    func handshakeWatch(on eventLoop: any EventLoop) -> HandshakeWatch {
        HandshakeWatch(deadline: terms.hello, counters: counters(of: eventLoop), logger: logger)
    }

    /// What STATISTICS answers with.
    package func statistics(now: NIODeadline) -> StatisticsField.Value {
        let uptime = now - startedAt
        let counts = ServerCounters.sum(counters.values)
        return ServerStatistics(
            uptimeSeconds: Int(uptime.nanoseconds / 1_000_000_000), engine: executor.statisticsFields(),
            counts: counts, credentials: credentials?.counts ?? .init(), bytesInFlight: gauge.heldBytes,
            access: counts.access.fields(access),
            histograms: metrics.histogramFields
        ).document
    }

    func helloReply(version: UInt8) -> HelloReply {
        HelloReply(
            protocolVersion: version, serverVersion: ServiceVersion.current, position: executor.position,
            capabilities: Capabilities.current.rawValue, limits: reportedLimits)
    }
}
