import CacheModel
import CacheProtocol
import CacheServer
import Logging
import NIOCore
import NIOEmbedded

/// A connection on an embedded channel: no socket, and time passes when the test says so.
struct EmbeddedConnection {
    let channel: EmbeddedChannel
    let executor = FakeExecutor()
    let services: ConnectionServices
    private var decoder = FrameDecoder(expecting: .replies)
    private var received = ByteBuffer()

    init(
        limits: ServerLimits = ServerLimits(), deadlines: ServerDeadlines = ServerDeadlines(),
        access: AccessControl? = nil
    ) throws {
        channel = EmbeddedChannel()
        services = ConnectionServices(
            executor: executor, limits: limits, deadlines: deadlines, eventLoops: [channel.eventLoop],
            startedAt: channel.eventLoop.now, access: access,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let handler = ConnectionHandler(services: services, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// A connection whose HELLO was accepted.
    static func greeted(
        limits: ServerLimits = ServerLimits(), deadlines: ServerDeadlines = ServerDeadlines()
    ) throws -> EmbeddedConnection {
        var connection = try EmbeddedConnection(limits: limits, deadlines: deadlines)
        try connection.send(.hello(HelloRequest(clientName: "test")), 1)
        _ = try connection.replies()
        return connection
    }

    var isOpen: Bool { channel.isActive }

    func send(_ request: Request, _ identifier: UInt64) throws {
        var bytes = ByteBuffer()
        try bytes.writeRequest(request, identifier: identifier)
        try channel.writeInbound(bytes)
    }

    func send(bytes: ByteBuffer) throws { try channel.writeInbound(bytes) }

    /// Runs what was handed to the loop, and decodes what was written since the last call.
    mutating func replies() throws -> [(identifier: UInt64, reply: Reply)] {
        channel.embeddedEventLoop.run()
        while var bytes = try channel.readOutbound(as: ByteBuffer.self) { received.writeBuffer(&bytes) }
        var replies: [(UInt64, Reply)] = []
        while let frame = try decoder.next(from: &received) {
            replies.append((frame.header.requestIdentifier, try Reply(frame)))
        }
        return replies
    }

    func pass(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }
}

extension Reply {
    var error: CacheError? {
        guard case .failure(let error, _) = self else { return nil }
        return error
    }
}

extension Request {
    static func lookup(_ vector: [Float] = [1, 0]) -> Request {
        .lookup(LookupRequest(namespace: "n", [Lookup(vector: vector)]))
    }

    static let get = Request.get(GetRequest(namespace: "n", entry: EntryIdentifier(1)))
}
