import NIOCore
import Synchronization

/// Who is to be told when a connection is closed by its client, while a request of it is being answered.
final class DisconnectRegistry: Sendable {
    private struct State {
        var nextWatch: UInt64 = 1
        var watches: [ObjectIdentifier: [UInt64: @Sendable () -> Void]] = [:]
    }

    struct Watch: Sendable {
        fileprivate var connection: ObjectIdentifier
        fileprivate var number: UInt64
    }

    private let state = Mutex(State())

    /// - Parameter action: called at once when the connection is closed already; at most once.
    func watch(_ channel: any Channel, _ action: @escaping @Sendable () -> Void) -> Watch {
        let watch = state.withLock { state in
            let watch = Watch(connection: ObjectIdentifier(channel), number: state.nextWatch)
            state.nextWatch += 1
            state.watches[watch.connection, default: [:]][watch.number] = action
            return watch
        }
        if !channel.isActive, remove(watch) { action() }
        return watch
    }

    /// - Returns: whether its action had not been called.
    @discardableResult
    func remove(_ watch: Watch) -> Bool {
        state.withLock { state in
            guard state.watches[watch.connection]?.removeValue(forKey: watch.number) != nil else { return false }
            if state.watches[watch.connection]?.isEmpty ?? false { state.watches[watch.connection] = nil }
            return true
        }
    }

    fileprivate func fire(_ connection: ObjectIdentifier) {
        let watches = state.withLock { $0.watches.removeValue(forKey: connection) }
        for action in (watches ?? [:]).values { action() }
    }
}

/// Notices that a client has closed its connection, or its half of it: nobody who waits for an answer does that.
final class DisconnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let registry: DisconnectRegistry

    init(_ registry: DisconnectRegistry) { self.registry = registry }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            registry.fire(ObjectIdentifier(context.channel))
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        registry.fire(ObjectIdentifier(context.channel))
        context.fireChannelInactive()
    }
}
