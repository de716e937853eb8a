package import CacheModel
package import NIOCore
import Synchronization

/// The open connections of a server.
package final class ConnectionRegistry: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let limit: Int

    package init(limit: Int) { self.limit = limit }

    package var count: Int { state.withLock { $0.channels.count } }

    /// Adds a connection until it is closed.
    ///
    /// - Throws: `overloaded` beyond the limit, `shutting-down` while draining.
    package func add(_ channel: any Channel) throws(CacheError) {
        let identifier = ObjectIdentifier(channel)
        let refusal = state.withLock { state -> CacheError? in
            if state.isDraining { return .shuttingDown }
            guard state.channels.count < limit else { return .overloaded("there are too many connections") }
            state.channels[identifier] = channel
            return nil
        }
        if let refusal { throw refusal }
        channel.closeFuture.whenComplete { _ in self.remove(identifier) }
    }

    private func remove(_ identifier: ObjectIdentifier) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.channels[identifier] = nil
            guard state.channels.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Tells every connection to answer what is in flight and close; new ones are refused from now on.
    package func drain() {
        let channels = state.withLock { state in
            state.isDraining = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ConnectionEvent.drain) }
    }

    /// Cuts off every connection.
    package func closeAll() {
        for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }

    /// Waits until the last connection is closed.
    package func emptied() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.channels.isEmpty { state.waiting.append(continuation) }
                return state.channels.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
