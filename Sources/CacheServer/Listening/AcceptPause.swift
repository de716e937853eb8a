package import Logging
package import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Pauses accepting while the process has no file descriptor or memory for another connection.
///
/// The waiting connection keeps the listening socket readable, so that it is taken out of the event loop altogether
/// meanwhile: otherwise the loop would do nothing but fail to accept.
package final class AcceptPause: ChannelInboundHandler {
    package typealias InboundIn = any Channel

    private let pause: TimeAmount
    private let logger: Logger
    private var resumption: Scheduled<Void>?
    /// A shortage is reported once, however many pauses it takes.
    private var isReported = false

    package init(pause: TimeAmount, logger: Logger) {
        self.pause = pause
        self.logger = logger
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReported = false
        context.fireChannelRead(data)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // NIO closes the channel itself after errors that cannot pass; others concern one connection only.
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode),
            context.channel.isActive, resumption == nil
        else { return }
        if !isReported {
            isReported = true
            logger.warning("accepting pauses", metadata: ["error": "\(error)"])
        }
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        resumption = context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.resumption = nil
            try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        resumption?.cancel()
        resumption = nil
        context.fireChannelInactive()
    }
}
