package import NIOCore
import Synchronization

/// Who sends requests on an event loop: whether anybody but one connection would wait for what is done on it.
package final class LoopActivity: Sendable {
    /// The connection that sent the last request, and since when no other one has.
    private let state = Mutex<(requester: ObjectIdentifier?, since: NIODeadline)>((nil, .distantPast))

    /// A connection that was silent for so long may well be so for some milliseconds more.
    private static let silence = TimeAmount.seconds(1)

    package init() {}

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
