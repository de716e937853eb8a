import CacheModel
import CacheProtocol
import NIOCore

/// What a connection tells the worker that it belongs to, always on its event loop.
protocol BenchConnectionOwner: AnyObject {
    func received(_ reply: Reply, to request: BenchConnection.Pending, atNanoseconds now: UInt64)
    /// What has arrived on this connection is dealt with: there is room for further requests.
    func readComplete(_ connection: BenchConnection)
    /// The connection is over, once; these requests have not been answered.
    func lost(_ requests: [BenchConnection.Pending], _ error: CacheError)
}

/// One connection of a load: frames written and read on the event loop itself, without the tasks, deadlines and
/// retries that the client library has for apps.
final class BenchConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A request that has not been answered yet. Times are nanoseconds of the event loop's clock.
    struct Pending {
        var kind: BenchKind
        var source: Int
        var dueNanoseconds: UInt64
        var sentNanoseconds: UInt64
    }

    private static let helloIdentifier: UInt64 = 1

    weak var owner: (any BenchConnectionOwner)?
    private let greeting: HelloRequest
    private let hello: EventLoopPromise<HelloReply>
    private var isConnected = false
    private var isGreeted = false
    private var isOver = false
    private var context: ChannelHandlerContext?
    private var decoder = FrameDecoder(expecting: .replies)
    /// What is left of a frame that has not arrived whole.
    private var unread: ByteBuffer?
    private var outgoing = ByteBuffer()
    /// By identifier, less 1.
    private var slots: [Pending?] = []
    private var freeSlots: [Int] = []
    private(set) var inFlightCount = 0

    init(greeting: HelloRequest, hello: EventLoopPromise<HelloReply>) {
        self.greeting = greeting
        self.hello = hello
    }

    var isOpen: Bool { isGreeted && !isOver }

    // MARK: Requests

    /// Puts a request among those that `flush` sends.
    ///
    /// - Throws: `frame-too-large`.
    func send(_ request: Request, _ pending: Pending) throws(CacheError) {
        if freeSlots.isEmpty {
            freeSlots.append(slots.count)
            slots.append(nil)
        }
        guard let slot = freeSlots.last else { return }
        try outgoing.writeRequest(request, identifier: UInt64(slot) + 1)
        freeSlots.removeLast()
        slots[slot] = pending
        inFlightCount += 1
    }

    func flush() {
        guard let context, outgoing.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
        // Uses the same storage again, unless the socket still holds it.
        outgoing.clear()
    }

    func close(_ error: CacheError) { end(error) }

    /// The time for connecting is over.
    func closeUnlessOpen() {
        if !isGreeted { end(CacheError(.connectionFailed, "the service did not answer HELLO in time")) }
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { greet() }
    }

    func channelActive(context: ChannelHandlerContext) { greet() }

    func channelInactive(context: ChannelHandlerContext) {
        end(CacheError(.connectionClosed, "the service closed the connection"))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(CacheError(.connectionClosed, "the connection was taken apart"))
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(CacheError(.connectionClosed, "the connection failed", detail: ["cause": String(describing: error)]))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if unread == nil { unread = bytes } else { unread?.writeBuffer(&bytes) }
        let now = context.eventLoop.now.uptimeNanoseconds
        do throws(CacheError) {
            while let frame = try nextFrame() {
                try received(try Reply(frame), identifier: frame.header.requestIdentifier, now)
            }
        } catch {
            end(error)
        }
        guard let rest = unread else { return }
        if rest.readableBytes == 0 { unread = nil } else { unread?.discardReadBytes() }
    }

    func channelReadComplete(context: ChannelHandlerContext) { owner?.readComplete(self) }

    // MARK: What that comes to

    private func greet() {
        isConnected = true
        do throws(CacheError) {
            try outgoing.writeRequest(.hello(greeting), identifier: Self.helloIdentifier)
            flush()
        } catch {
            end(error)
        }
    }

    private func nextFrame() throws(CacheError) -> Frame? {
        guard var bytes = unread.take() else { return nil }
        defer { unread = bytes }
        return try decoder.next(from: &bytes)
    }

    private func received(_ reply: Reply, identifier: UInt64, _ now: UInt64) throws(CacheError) {
        if case .failure(let error, .connection) = reply { throw error }
        guard isGreeted else {
            guard identifier == Self.helloIdentifier else { throw Self.unexpected }
            switch reply {
            case .hello(let reply):
                isGreeted = true
                hello.succeed(reply)
                return
            case .failure(let error, _): throw error
            default: throw Self.unexpected
            }
        }
        guard let slot = Int(exactly: identifier).map({ $0 - 1 }), slots.indices.contains(slot),
            let pending = slots[slot]
        else { throw Self.unexpected }
        slots[slot] = nil
        freeSlots.append(slot)
        inFlightCount -= 1
        owner?.received(reply, to: pending, atNanoseconds: now)
    }

    private static let unexpected = CacheError(.malformedFrame, "a reply is not one that was asked for")

    /// Every way in which the connection ends leads here; only the first counts.
    private func end(_ error: CacheError) {
        guard !isOver else { return }
        isOver = true
        unread = nil
        let pending = slots.compactMap { $0 }
        slots = []
        inFlightCount = 0
        // What kept the socket from connecting, the bootstrap knows better.
        if isConnected, !isGreeted { hello.fail(error) }
        owner?.lost(pending, error)
        context?.close(mode: .all, promise: nil)
    }
}
