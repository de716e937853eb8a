import Logging
import NIOCore
import NIOTLS

/// Sees to it that a handshake ends in time, and counts those that do not succeed. It stands behind the handler of TLS,
/// and lets what comes later pass.
///
/// The deadline is that of HELLO, which the connection's handler keeps and counts as well; but what that one says then can
/// be written only after the handshake.
final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let deadline: TimeAmount
    private let counters: ServerCounters
    private let logger: Logger
    private var isOver = false
    private var timer: Scheduled<Void>?

    init(deadline: TimeAmount, counters: ServerCounters, logger: Logger) {
        self.deadline = deadline
        self.counters = counters
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: deadline) {
            if !self.isOver { self.fail("it took too long", context) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { end() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isOver else { return context.fireErrorCaught(error) }
        fail("\(error)", context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOver { fail("the peer has gone", context) }
        context.fireChannelInactive()
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        end()
        counters.update { $0.handshakesFailed += 1 }
        logger.debug("handshake failed", metadata: ["error": "\(reason)"])
        context.close(promise: nil)
    }

    private func end() {
        isOver = true
        timer?.cancel()
        timer = nil
    }
}
