import GatewayCore
import Synchronization

/// A circuit breaker that many tasks ask, by the system's clock.
final class SharedBreaker: Sendable {
    private let breaker: Mutex<CircuitBreaker>

    init(_ settings: CircuitBreaker.Settings) { breaker = Mutex(CircuitBreaker(settings)) }

    func permission() -> CircuitBreaker.Permission { breaker.withLock { $0.permission(at: .now) } }

    func report(_ ticket: CircuitBreaker.Ticket, succeeded: Bool) {
        breaker.withLock { $0.report(ticket, succeeded: succeeded, at: .now) }
    }

    func abandon(_ ticket: CircuitBreaker.Ticket) { breaker.withLock { $0.abandon(ticket) } }
}
