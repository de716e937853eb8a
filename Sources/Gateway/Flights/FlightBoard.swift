import CacheModel
import GatewayCore
import Synchronization

/// The flights that others may join.
final class FlightBoard: Sendable {
    typealias Flights = SingleFlight<UInt64>

    private struct State {
        var flights = Flights()
        var running: [Flights.Flight: AnswerFlight] = [:]
        var nextWaiter: UInt64 = 1
    }

    private let state = Mutex(State())

    /// Joins the flight for a key, or begins one.
    ///
    /// - Parameters:
    ///   - freshness: nil for a request that shares its call with nobody.
    ///   - operation: what a new flight does.
    /// - Returns: with `isJoined` for a flight that another request has begun.
    func board(
        _ key: Flights.Key, _ freshness: Flights.Freshness?,
        _ operation: @escaping @Sendable (AnswerFlight) async -> Void
    ) -> (listener: FlightListener, isJoined: Bool) {
        let made = AnswerFlight()
        let (listener, number, isJoined) = state.withLock { state -> (FlightListener, Flights.Flight?, Bool) in
            let waiter = state.nextWaiter
            state.nextWaiter += 1
            var role = state.flights.join(key, waiter, freshness)
            if case .follower(let number) = role {
                if let listener = state.running[number]?.listen() { return (listener, nil, true) }
                // Too late for that one: its call has been given up, or is too long to be heard from the beginning.
                Self.finish(number, &state)
                role = state.flights.join(key, waiter, freshness)
            }
            // Before anybody else can hear of the flight, and leave it.
            let listener = made.firstListener()
            guard case .leader(let number) = role else { return (listener, nil, false) }
            state.running[number] = made
            return (listener, number, false)
        }
        if isJoined { return (listener, true) }
        made.start { [self] flight in
            await operation(flight)
            if let number { state.withLock { Self.finish(number, &$0) } }
        }
        return (listener, false)
    }

    private static func finish(_ number: Flights.Flight, _ state: inout State) {
        _ = state.flights.finish(number)
        state.running[number] = nil
    }

    /// Flights that may be joined.
    var count: Int { state.withLock { $0.running.count } }
}
