package import CacheProtocol
import Synchronization

/// What connections have done. Each event loop has counters of its own, so that counting never makes one wait for
/// another.
package final class ServerCounters: Sendable {
    package struct Values: Sendable {
        package var connectionsAccepted = 0
        package var connectionsClosed = 0
        /// Connections beyond the limit.
        package var connectionsRefused = 0
        /// Connections that were ended for what they sent.
        package var protocolErrors = 0
        /// Connections that were ended by a deadline.
        package var deadlinesExceeded = 0
        /// Requests refused by the server itself: no room, shutting down, not decodable.
        package var requestsRefused = 0
        /// Connections that ended before TLS was agreed upon.
        package var handshakesFailed = 0
        package var bytesReceived = 0
        package var bytesSent = 0
        package var access = AccessCounts()
        /// Requests by the number of their opcode.
        var requests = [Int](repeating: 0, count: Values.opcodeEnd)

        private static let opcodeEnd = Int(Opcode.allCases.map(\.rawValue).max() ?? 0) + 1

        package init() {}

        package mutating func count(_ opcode: Opcode, by more: Int = 1) { requests[Int(opcode.rawValue)] += more }
        package func requests(_ opcode: Opcode) -> Int { requests[Int(opcode.rawValue)] }

        mutating func add(_ other: Values) {
            connectionsAccepted += other.connectionsAccepted
            connectionsClosed += other.connectionsClosed
            connectionsRefused += other.connectionsRefused
            protocolErrors += other.protocolErrors
            deadlinesExceeded += other.deadlinesExceeded
            requestsRefused += other.requestsRefused
            handshakesFailed += other.handshakesFailed
            bytesReceived += other.bytesReceived
            bytesSent += other.bytesSent
            access.add(other.access)
            for index in requests.indices { requests[index] += other.requests[index] }
        }
    }

    private let values = Mutex(Values())

    package init() {}

    package func update(_ change: (inout Values) -> Void) { values.withLock { change(&$0) } }

    /// The sum over several event loops.
    package static func sum(_ counters: some Sequence<ServerCounters>) -> Values {
        counters.reduce(into: Values()) { sum, counters in sum.add(counters.values.withLock { $0 }) }
    }
}
