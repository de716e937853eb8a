import CacheEngine
import CacheModel
import CacheProtocol
import CacheServer
import NIOCore
import NIOEmbedded
import Testing

@Suite struct ConnectionHandlerTests {
    @Test func helloIsAnsweredWithVersionPositionAndLimits() throws {
        var limits = ServerLimits()
        limits.requestsInFlightPerConnection = 17
        var connection = try EmbeddedConnection(limits: limits)
        try connection.send(.hello(HelloRequest(clientName: "test")), 3)
        let replies = try connection.replies()
        let (identifier, reply) = try #require(replies.first)
        guard case .hello(let hello) = reply else {
            Issue.record("\(reply)")
            return
        }
        #expect(identifier == 3)
        #expect(hello.serverVersion == ServiceVersion.current)
        #expect(hello.position == connection.executor.position)
        #expect(hello.limits[.requestsInFlight] == 17)
    }

    @Test func aVersionNobodySpeaksEndsTheConnection() throws {
        var connection = try EmbeddedConnection()
        try connection.send(.hello(HelloRequest(clientName: "", minimumVersion: 9, maximumVersion: 9)), 3)
        #expect(try connection.replies().map(\.reply.error?.code) == [.unsupportedVersion])
        try connection.send(.ping([]), 4)
        #expect(try connection.replies().isEmpty)
    }

    @Test func aLongFrameIsRefusedFromItsHeaderBeforeHello() throws {
        var connection = try EmbeddedConnection()
        try connection.send(.lookup([Float](repeating: 1, count: 1_000)), 3)
        let replies = try connection.replies()
        #expect(replies.map(\.reply.error?.code) == [.frameTooLarge])
        #expect(replies.first?.identifier == 3)
    }

    @Test func helloAndALongFrameMayComeTogether() throws {
        var connection = try EmbeddedConnection()
        var bytes = ByteBuffer()
        try bytes.writeRequest(.hello(HelloRequest(clientName: "test")), identifier: 1)
        try bytes.writeRequest(.lookup([Float](repeating: 1, count: 1_000)), identifier: 2)
        try connection.send(bytes: bytes)
        #expect(try connection.replies().count == 1)
        #expect(connection.executor.take().count == 1)
    }

    @Test func repliesGoOutInTheOrderOfTheAnswers() throws {
        var connection = try EmbeddedConnection.greeted()
        try connection.send(.get, 10)
        try connection.send(.dropNamespace("n"), 11)
        try connection.send(.ping([1, 2]), 12)
        #expect(try connection.replies().map(\.identifier) == [12])
        let submissions = connection.executor.take()
        try #require(submissions.count == 2)
        submissions[1].answer(.dropped(PurgeReceipt(entryCount: 3, position: .zero)))
        submissions[0].fail(CacheError(.entryNotFound, "none"))
        let replies = try connection.replies()
        #expect(replies.map(\.identifier) == [11, 10])
        #expect(replies[0].reply == .dropNamespace(PurgeReceipt(entryCount: 3, position: .zero)))
        #expect(replies[1].reply.error?.code == .entryNotFound)
    }

    @Test func repliesThatComeTogetherAreOneWrite() throws {
        let connection = try EmbeddedConnection.greeted()
        for identifier in UInt64(10)..<15 { try connection.send(.get, identifier) }
        for submission in connection.executor.take() { submission.fail(CacheError(.entryNotFound, "none")) }
        connection.channel.embeddedEventLoop.run()
        var writeCount = 0
        // An empty write only asks when the socket has taken those before it.
        while let bytes = try connection.channel.readOutbound(as: ByteBuffer.self) {
            if bytes.readableBytes > 0 { writeCount += 1 }
        }
        #expect(writeCount == 1)
    }

    @Test func framesBeyondTheCreditWaitForReplies() throws {
        var limits = ServerLimits()
        limits.requestsInFlightPerConnection = 2
        var connection = try EmbeddedConnection.greeted(limits: limits)
        var bytes = ByteBuffer()
        for identifier in UInt64(10)..<15 { try bytes.writeRequest(.get, identifier: identifier) }
        try connection.send(bytes: bytes)
        var answered: [UInt64] = []
        for expected in [2, 2, 1] {
            let submissions = connection.executor.take()
            #expect(submissions.count == expected)
            for submission in submissions { submission.fail(CacheError(.entryNotFound, "none")) }
            answered += try connection.replies().map(\.identifier)
        }
        #expect(answered == Array(10..<15))
    }

    @Test func readingStopsWithoutCreditAndGoesOnWithIt() throws {
        var limits = ServerLimits()
        limits.requestsInFlightPerConnection = 1
        var connection = try EmbeddedConnection(limits: limits)
        let reads = ReadCounter()
        try connection.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        try connection.send(.hello(HelloRequest(clientName: "test")), 1)
        _ = try connection.replies()
        connection.channel.read()
        #expect(reads.count == 1)
        try connection.send(.get, 2)
        let before = reads.count
        connection.channel.read()
        #expect(reads.count == before, "without credit nothing is read")
        connection.executor.take().first?.fail(CacheError(.entryNotFound, "none"))
        _ = try connection.replies()
        #expect(reads.count == before + 1, "the reply gives the credit back")
    }

    @Test func lookupsAreAnsweredOnTheLoopButNotTooManyInARow() throws {
        var connection = try EmbeddedConnection.greeted()
        connection.executor.answerInline(with: .lookup([.miss]))
        var bytes = ByteBuffer()
        for identifier in UInt64(10)..<30 { try bytes.writeRequest(.lookup(), identifier: identifier) }
        try connection.send(bytes: bytes)
        let inline = try connection.replies().count
        #expect((1...8).contains(inline))
        #expect(connection.executor.inlineLimits == Array(repeating: .brief, count: inline))
        #expect(connection.executor.take().count == 20 - inline)
        try connection.send(.lookup(), 40)
        #expect(try connection.replies().map(\.identifier) == [40], "the next round may again")
    }

    @Test func lookupsAreRefusedUnseenWhileTheEngineWantsNone() throws {
        var connection = try EmbeddedConnection.greeted()
        connection.executor.answerInline(with: .lookup([.miss]))
        connection.executor.refuseLookups(CacheError(.overloaded, "too many", detail: ["retry-after-ms": "20"]))
        try connection.send(.lookup(), 10)
        try connection.send(.get, 11)
        let replies = try connection.replies()
        #expect(replies.map(\.identifier) == [10])
        guard case .failure(let error, .lookup)? = replies.first?.reply else { Issue.record("\(replies)"); return }
        #expect(error.code == .overloaded && error.detail["retry-after-ms"] == "20")
        #expect(connection.executor.inlineLimits.isEmpty && connection.executor.take().count == 1, "others are taken")
        connection.executor.refuseLookups(nil)
        try connection.send(.lookup(), 12)
        #expect(try connection.replies().map(\.identifier) == [12])
    }

    @Test func onlyALookupThatNobodyWaitsBehindMayTakeLong() throws {
        var connection = try EmbeddedConnection.greeted()
        connection.executor.answerInline(with: .lookup([.miss]))
        let activity = connection.services.activity(of: connection.channel.eventLoop)
        connection.pass(.seconds(1))
        try connection.send(.lookup(), 10)
        #expect(connection.executor.inlineLimits == [.long])
        #expect(!activity.note(requestOf: ObjectIdentifier(connection.executor), now: connection.channel.eventLoop.now))
        try connection.send(.lookup(), 11)
        connection.pass(.milliseconds(999))
        try connection.send(.lookup(), 12)
        #expect(connection.executor.inlineLimits == [.long, .brief, .brief], "another connection of the loop has asked")
        connection.pass(.milliseconds(1))
        try connection.send(.lookup(), 13)
        try connection.send(.get, 14)
        try connection.send(.lookup(), 15)
        #expect(connection.executor.inlineLimits.suffix(2) == [.long, .brief], "another request is under way")
        #expect(try connection.replies().count == 5)
    }

    @Test func aMalformedBodyIsAnsweredAfterWhatIsInFlightAndEndsTheConnection() throws {
        var connection = try EmbeddedConnection.greeted()
        try connection.send(.get, 10)
        var bytes = ByteBuffer()
        try bytes.writeRequest(.get, identifier: 11)
        bytes.setInteger(UInt16(60_000), at: FrameHeader.bytes, endianness: .little)
        try connection.send(bytes: bytes)
        try connection.send(.ping([]), 12)
        #expect(try connection.replies().isEmpty)
        connection.executor.take().first?.answer(.entry(.sample(payloadBytes: 3)))
        let replies = try connection.replies()
        #expect(replies.map(\.identifier) == [10, 11])
        #expect(replies.last?.reply.error?.code == .malformedFrame)
        connection.pass(.seconds(1))
        #expect(!connection.isOpen)
    }

    @Test func badMagicIsAnsweredAboutTheConnection() throws {
        var connection = try EmbeddedConnection()
        try connection.send(bytes: ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
        let replies = try connection.replies()
        #expect(replies.map(\.identifier) == [0])
        guard case .failure(let error, .connection) = try #require(replies.first).reply else {
            Issue.record("\(replies)")
            return
        }
        #expect(error.code == .malformedFrame)
    }

    @Test func aRequestThatIsOnlyOutOfRangeLeavesTheConnectionOpen() throws {
        var connection = try EmbeddedConnection.greeted()
        try connection.send(.dropNamespace(""), 10)
        try connection.send(.ping([7]), 11)
        let replies = try connection.replies()
        #expect(replies.map(\.reply.error?.code) == [.invalidArgument, nil])
        #expect(connection.isOpen)
    }

    @Test func requestsBeyondTheBytesOfTheProcessAreOverloaded() throws {
        var limits = ServerLimits()
        limits.bytesInFlight = 100
        var connection = try EmbeddedConnection.greeted(limits: limits)
        for identifier in UInt64(10)..<14 { try connection.send(.get, identifier) }
        let submissions = connection.executor.take()
        let refused = try connection.replies()
        #expect(!submissions.isEmpty && submissions.count + refused.count == 4)
        #expect(refused.allSatisfy { $0.reply.error?.code == .overloaded })
        #expect(refused.first?.reply.error?.detail["retry-after-ms"] != nil)
        #expect(connection.services.gauge.heldBytes <= 100)
        for submission in submissions { submission.fail(CacheError(.entryNotFound, "none")) }
        #expect(try connection.replies().count == submissions.count)
        #expect(connection.services.gauge.heldBytes == 0)
    }

    @Test func aLongFrameThatThereIsNoRoomForIsDroppedAsItComes() throws {
        var limits = ServerLimits()
        limits.bytesInFlight = 100_000
        var connection = try EmbeddedConnection.greeted(limits: limits)
        var bytes = ByteBuffer()
        let insertion = Insertion(key: ExactKey(1), payload: [UInt8](repeating: 1, count: 300_000))
        try bytes.writeRequest(.insert(InsertRequest(namespace: "n", [insertion])), identifier: 10)
        try bytes.writeRequest(.ping([5]), identifier: 11)
        var replies: [(identifier: UInt64, reply: Reply)] = []
        while let part = bytes.readSlice(length: min(50_000, bytes.readableBytes)), part.readableBytes > 0 {
            try connection.send(bytes: part)
            replies += try connection.replies()
            #expect(connection.services.gauge.heldBytes <= 100_000)
        }
        #expect(replies.map(\.identifier) == [10, 11])
        #expect(replies.first?.reply.error?.code == .overloaded)
        #expect(connection.services.gauge.heldBytes == 0)
    }

    @Test func aRequestOfALostConnectionGivesItsBytesBack() throws {
        var connection = try EmbeddedConnection.greeted()
        try connection.send(.get, 10)
        #expect(connection.services.gauge.heldBytes > 0)
        try connection.channel.close().wait()
        connection.executor.take().first?.answer(.entry(.sample(payloadBytes: 100)))
        #expect(try connection.replies().isEmpty)
        #expect(connection.services.gauge.heldBytes == 0)
    }

    @Test func drainingAnswersWhatIsInFlightRefusesTheRestAndCloses() throws {
        var connection = try EmbeddedConnection.greeted()
        try connection.send(.get, 10)
        connection.channel.pipeline.fireUserInboundEventTriggered(ConnectionEvent.drain)
        try connection.send(.get, 11)
        #expect(try connection.replies().map(\.reply.error?.code) == [.shuttingDown])
        connection.executor.take().first?.answer(.entry(.sample(payloadBytes: 3)))
        let replies = try connection.replies()
        #expect(replies.map(\.identifier) == [10, 0])
        #expect(replies.first?.reply == .get(.sample(payloadBytes: 3)))
        #expect(replies.last?.reply.error?.code == .shuttingDown)
        connection.pass(.seconds(1))
        #expect(!connection.isOpen)
    }

    @Test func deadlinesEndConnectionsAndSayWhy() throws {
        var silent = try EmbeddedConnection()
        silent.pass(.milliseconds(1_999))
        #expect(try silent.replies().isEmpty)
        silent.pass(.milliseconds(1))
        #expect(try silent.replies().map(\.reply.error?.code) == [.deadlineExceeded])

        var dripping = try EmbeddedConnection.greeted()
        var bytes = ByteBuffer()
        try bytes.writeRequest(.get, identifier: 5)
        for _ in 0..<29 {
            dripping.pass(.seconds(1))
            let byte = bytes.readSlice(length: 1) ?? ByteBuffer()
            try dripping.send(bytes: byte)
        }
        #expect(try dripping.replies().isEmpty)
        dripping.pass(.seconds(2))
        #expect(try dripping.replies().map(\.reply.error?.code) == [.deadlineExceeded])

        var idle = try EmbeddedConnection.greeted()
        idle.pass(.seconds(599))
        try idle.send(.ping([]), 9)
        #expect(try idle.replies().count == 1)
        idle.pass(.seconds(599))
        #expect(try idle.replies().isEmpty)
        idle.pass(.seconds(2))
        #expect(try idle.replies().map(\.reply.error?.code) == [.deadlineExceeded])
        idle.pass(.seconds(1))
        #expect(!idle.isOpen)
    }

    @Test func statisticsAreAJsonDocument() throws {
        var connection = try EmbeddedConnection.greeted()
        try connection.send(.ping([]), 2)
        try connection.send(.statistics, 3)
        guard case .statistics(let json)? = try connection.replies().last?.reply else {
            Issue.record("no statistics")
            return
        }
        #expect(json.hasPrefix("{\"version\":\"\(ServiceVersion.current)\",\"uptimeSeconds\":0,\"engine\":{"))
        #expect(json.contains("\"kernel\":\"a \\\"quoted\\\"\\u000a name\""))
        #expect(json.contains("\"ping\":1,"))
    }
}

/// Counts the reads that reach the socket.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}
