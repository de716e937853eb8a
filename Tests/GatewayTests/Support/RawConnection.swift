import NIOCore
import NIOPosix
import Synchronization

/// A connection of TCP that says and hears bytes.
final class RawConnection: Sendable {
    private struct State {
        var heard: [UInt8] = []
        var isClosed = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)

    static func open(port: Int) async throws -> RawConnection {
        let connection = RawConnection()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RawHandler(connection))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        connection.channel.withLock { $0 = channel }
        return connection
    }

    func say(_ text: String) async throws {
        try await channel.withLock { $0 }?.writeAndFlush(ByteBuffer(string: text))
    }

    func close() async { try? await channel.withLock { $0 }?.close() }

    /// Everything that has been heard, as soon as it satisfies `condition`, or the other side has closed.
    func hear(until condition: @Sendable (String) -> Bool) async -> String {
        while true {
            let (text, isClosed) = state.withLock { (String(decoding: $0.heard, as: UTF8.self), $0.isClosed) }
            if isClosed || condition(text) { return text }
            await withCheckedContinuation { continuation in
                let isNews = state.withLock { state in
                    guard !state.isClosed, state.heard.count == text.utf8.count else { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isNews { continuation.resume() }
            }
        }
    }

    fileprivate func hear(_ bytes: some Sequence<UInt8>, isEnd: Bool) {
        let waiters = state.withLock { state in
            state.heard += bytes
            state.isClosed = state.isClosed || isEnd
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

private final class RawHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: RawConnection

    init(_ connection: RawConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.hear(unwrapInboundIn(data).readableBytesView, isEnd: false)
    }

    func channelInactive(context: ChannelHandlerContext) { connection.hear([], isEnd: true) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
