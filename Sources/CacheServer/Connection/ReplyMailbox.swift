import CacheModel
package import CacheProtocol
import Synchronization

/// Replies on their way from the engine's threads to the event loop of a connection.
///
/// The loop is woken once for all replies that come before it gets to them, and writes them with one flush.
///
/// Replies that wait are charged to the gauge and to the connection here, on the engine's thread, so that memory is
/// bounded however late the loop is: a reply that carries more than there is room for becomes `overloaded`, and its
/// payload is let go.
package final class ReplyMailbox: Sendable {
    package struct Item: Sendable {
        package var identifier: UInt64
        package var reply: Reply
        /// What the reply carries: it is charged to the gauge until the loop releases it.
        package var carriedBytes: Int
        /// Of the request, when they are measured.
        package var times: RequestTimes?
    }

    private struct State {
        var items: [Item] = []
        var carriedBytes = 0
        var wakes = false
    }

    private let state = Mutex(State())
    private let gauge: ByteGauge
    private let limitBytes: Int
    private let wake: @Sendable () -> Void

    /// - Parameters:
    ///   - limitBytes: of what the replies carry that wait at once; one is always let in.
    ///   - wake: makes the loop call `take`; called on any thread, at most once until then.
    package init(gauge: ByteGauge, limitBytes: Int, wake: @escaping @Sendable () -> Void) {
        self.gauge = gauge
        self.limitBytes = limitBytes
        self.wake = wake
    }

    package func put(_ reply: Reply, identifier: UInt64, times: RequestTimes? = nil) {
        let carried = reply.carriedBytes
        let isCharged = carried == 0 || gauge.charge(carried)
        let (wakes, isTaken) = state.withLock { state in
            var item = Item(identifier: identifier, reply: reply, carriedBytes: carried, times: times)
            let fits = state.carriedBytes == 0 || carried <= limitBytes - min(limitBytes, state.carriedBytes)
            let isTaken = carried == 0 || (isCharged && fits)
            if !isTaken {
                item.reply = .failure(.overloaded("there is no room for the reply"), reply.opcode)
                item.carriedBytes = 0
            }
            state.items.append(item)
            state.carriedBytes += item.carriedBytes
            defer { state.wakes = true }
            return (!state.wakes, isTaken)
        }
        if isCharged, !isTaken { gauge.release(carried) }
        if wakes { wake() }
    }

    /// On the loop: everything that waits, in the order it came. The storage of `items` is kept for what comes next.
    package func take(into items: inout [Item]) {
        items.removeAll(keepingCapacity: true)
        state.withLock { state in
            swap(&state.items, &items)
            state.carriedBytes = 0
            state.wakes = false
        }
    }
}

extension Reply {
    /// Bytes of payloads and prompts that the reply carries. The rest of a reply is small.
    var carriedBytes: Int {
        switch self {
        case .get(let entry): entry.carriedBytes
        case .scan(let page): page.entries.reduce(0) { $0 + $1.entry.carriedBytes + ($1.vector?.count ?? 0) * 4 }
        case .lookup(let replies):
            replies.reduce(0) { sum, reply in
                guard case .hits(let hits) = reply.outcome else { return sum }
                return hits.reduce(sum) { $0 + $1.entry.carriedBytes }
            }
        default: 0
        }
    }
}

extension StoredEntry {
    fileprivate var carriedBytes: Int { (payload?.count ?? 0) + (prompt?.utf8.count ?? 0) }
}
