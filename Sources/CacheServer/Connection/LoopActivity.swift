package import NIOCore
import Synchronization

/// Who sends requests on an event loop: whether anybody but one connection would wait for what is done on it.
package final class LoopActivity: Sendable {
    /// The connection that sent the last request, and since when no other one has.
    private let state = Mutex<(requester: ObjectIdentifier?, since: NIODeadline)>((nil, .distantPast))

    /// A connection that was silent for so long may well be so for some milliseconds more.
    private static let silence = TimeAmount.seconds(1)

    private let budget = Mutex(InlineBudget())

    package init() {}

    /// Whether the loop may search itself, while others may wait for it.
    package func maySearch(now: NIODeadline) -> Bool { budget.withLock { $0.allows(now: now) } }

    /// It has searched for so long.
    package func searched(for time: TimeAmount) { budget.withLock { $0.spend(time) } }

    /// Notes a request.
    ///
    /// - Returns: whether no other connection of the loop has sent one for a second.
    package func note(requestOf connection: ObjectIdentifier, now: NIODeadline) -> Bool {
        state.withLock { state in
            if state.requester != connection {
                state = (connection, state.requester == nil ? .distantPast : now)
            }
            return now - state.since >= Self.silence
        }
    }
}
