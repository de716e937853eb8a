package import NIOCore

/// The limits and deadlines of one connection.
package struct ConnectionTerms: Sendable {
    package var requestsInFlight: Int
    package var bytesInFlight: Int
    package var hello: TimeAmount
    package var idle: TimeAmount
    package var frame: TimeAmount
    package var write: TimeAmount
    package var linger: TimeAmount
    package var drain: TimeAmount

    package init(limits: ServerLimits = ServerLimits(), deadlines: ServerDeadlines = ServerDeadlines()) {
        requestsInFlight = limits.requestsInFlightPerConnection
        bytesInFlight = limits.bytesInFlightPerConnection
        hello = TimeAmount(deadlines.hello)
        idle = TimeAmount(deadlines.idle)
        frame = TimeAmount(deadlines.frame)
        write = TimeAmount(deadlines.write)
        linger = TimeAmount(deadlines.linger)
        drain = TimeAmount(deadlines.drain)
    }
}
