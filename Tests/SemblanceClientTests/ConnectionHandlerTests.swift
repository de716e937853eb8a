import CacheModel
import CacheProtocol
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import SemblanceClient

/// What a handler has told the pool.
private final class Observations: ConnectionObserver {
    struct Record {
        var connection: Connection?
        var isOpen = false
        var released: [UInt64] = []
        var isRetired = false
        var closed: (requests: [UInt64], error: CacheError)?
        var closeCount = 0
    }

    private let record = Mutex(Record())
    var now: Record { record.withLock { $0 } }

    func connected(_ number: Int, _ connection: Connection) { record.withLock { $0.connection = connection } }
    func opened(_ number: Int, _ hello: HelloReply) { record.withLock { $0.isOpen = true } }

    func released(_ number: Int, _ requests: [UInt64], frameBytes: Int, areAnswered: Bool) {
        record.withLock { $0.released += requests }
    }

    func retired(_ number: Int) { record.withLock { $0.isRetired = true } }

    func closed(_ number: Int, _ requests: [UInt64], _ error: CacheError) {
        record.withLock {
            $0.closed = (requests, error)
            $0.closeCount += 1
        }
    }
}

/// The one outcome of a call.
private final class Outcome: Sendable {
    private let outcomes = Mutex<[AttemptOutcome]>([])
    var all: [AttemptOutcome] { outcomes.withLock { $0 } }
    var only: AttemptOutcome? { all.count == 1 ? all.first : nil }
    func append(_ outcome: AttemptOutcome) { outcomes.withLock { $0.append(outcome) } }
}

/// A handler on a channel without a socket, in a time of its own.
private final class Wire {
    let channel = EmbeddedChannel()
    let observations = Observations()
    private var requests = FrameDecoder(expecting: .requests)
    private var lastNumber: UInt64 = 0

    init(isOpen: Bool = true, isConnected: Bool = true) throws {
        if isConnected { try channel.connect(to: SocketAddress(unixDomainSocketPath: "/test")).wait() }
        let settings = ConnectionHandler.Settings(
            hello: HelloRequest(clientName: "test", token: [1, 2, 3]), helloDeadline: .at(200),
            silenceLimit: .milliseconds(500))
        let handler = ConnectionHandler(number: 1, settings: settings, observer: observations)
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.embeddedEventLoop.run()
        guard isOpen else { return }
        _ = try sent()
        try receive(.hello(.test), 1)
    }

    /// The requests that were written since the last time.
    func sent() throws -> [(Request, UInt64)] {
        channel.embeddedEventLoop.run()
        var all: [(Request, UInt64)] = []
        while var bytes = try channel.readOutbound(as: ByteBuffer.self) {
            while let frame = try requests.next(from: &bytes) {
                all.append((try Request(frame), frame.header.requestIdentifier))
            }
        }
        return all
    }

    func send(_ request: Request = .ping([]), timeoutMilliseconds: Int64 = 100_000) throws -> (Call, Outcome) {
        var frame = ByteBuffer()
        try frame.writeRequest(request, identifier: .max)
        lastNumber += 1
        let call = Call(
            number: lastNumber, opcode: request.opcode, frame: frame,
            deadline: channel.embeddedEventLoop.now + .milliseconds(timeoutMilliseconds))
        let outcome = Outcome()
        call.whenFinished { outcome.append($0) }
        try #require(observations.now.connection).send(call)
        channel.embeddedEventLoop.run()
        return (call, outcome)
    }

    func receive(_ reply: Reply, _ identifier: UInt64) throws {
        var bytes = ByteBuffer()
        bytes.writeReply(reply, identifier: identifier)
        try receive(bytes)
    }

    func receive(_ bytes: ByteBuffer) throws {
        try channel.writeInbound(bytes)
        channel.embeddedEventLoop.run()
    }

    func advance(milliseconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .milliseconds(milliseconds)) }
}

struct ConnectionHandlerTests {
    @Test func helloIsTheFirstRequestAndTheOnlyOneUntilItIsAnswered() throws {
        let wire = try Wire(isOpen: false)
        let sent = try wire.sent()
        #expect(sent.map(\.1) == [1])
        #expect(sent.map(\.0) == [.hello(HelloRequest(clientName: "test", token: [1, 2, 3]))])
        #expect(!wire.observations.now.isOpen)
        try wire.receive(.hello(.test), 1)
        #expect(wire.observations.now.isOpen)
    }

    @Test func aConnectionThatIsNotGreetedYetIsClosedAtOnceWhenNobodyWantsIt() throws {
        let wire = try Wire(isOpen: false)
        try #require(wire.observations.now.connection).drain()
        wire.channel.embeddedEventLoop.run()
        #expect(!wire.channel.isActive)
        #expect(wire.observations.now.closeCount == 1)
    }

    @Test func aConnectionThatIsGoneAlreadyIsReportedOnce() throws {
        let wire = try Wire(isOpen: false, isConnected: false)
        #expect(wire.observations.now.closed?.error.code == .connectionClosed)
        #expect(wire.observations.now.closeCount == 1)
    }

    @Test func theIdentifierOfTheConnectionReplacesTheOneThatTheFrameWasEncodedWith() throws {
        let wire = try Wire()
        _ = try wire.send(.ping([1]))
        _ = try wire.send(.statistics)
        let sent = try wire.sent()
        #expect(sent.map(\.1) == [2, 3])
        #expect(sent.map(\.0) == [.ping([1]), .statistics])
    }

    @Test func repliesAreTakenInWhateverPiecesTheyCome() throws {
        let wire = try Wire()
        var outcomes: [Outcome] = []
        var bytes = ByteBuffer()
        for index in 0..<20 as Range<UInt8> {
            outcomes.append(try wire.send(.ping([index])).1)
            bytes.writeReply(.ping([index, index]), identifier: UInt64(index) + 2)
        }
        var random = SeededGenerator(seed: 11)
        while bytes.readableBytes > 0 {
            let length = Int.random(in: 1...min(60, bytes.readableBytes), using: &random)
            let piece = bytes.readSlice(length: length)
            try wire.receive(#require(piece))
        }
        for index in 0..<20 as Range<UInt8> { #expect(outcomes[Int(index)].only?.reply == .ping([index, index])) }
        #expect(wire.observations.now.released == Array(1...20))
    }

    @Test func aDeadlineEndsTheCallAndItsPlaceIsFreeWhenTheLateReplyHasCome() throws {
        let wire = try Wire()
        let (_, quick) = try wire.send(timeoutMilliseconds: 100)
        let (_, slow) = try wire.send(timeoutMilliseconds: 300)
        wire.advance(milliseconds: 99)
        #expect(quick.all.isEmpty)
        wire.advance(milliseconds: 1)
        #expect(quick.only?.error?.code == .deadlineExceeded)
        #expect(quick.only?.mayHaveBeenSent == true)
        #expect(wire.observations.now.released.isEmpty)
        try wire.receive(.ping([]), 2)
        #expect(wire.observations.now.released == [1])
        #expect(quick.all.count == 1)
        wire.advance(milliseconds: 200)
        #expect(slow.only?.error?.code == .deadlineExceeded)
    }

    @Test func aLaterRequestWithAnEarlierDeadlineEndsInTime() throws {
        let wire = try Wire()
        let (_, slow) = try wire.send(timeoutMilliseconds: 400)
        let (_, quick) = try wire.send(timeoutMilliseconds: 50)
        wire.advance(milliseconds: 50)
        #expect(quick.only?.error?.code == .deadlineExceeded)
        #expect(slow.all.isEmpty)
    }

    @Test func aHelloWithoutAnAnswerClosesTheConnection() throws {
        let wire = try Wire(isOpen: false)
        wire.advance(milliseconds: 200)
        #expect(wire.observations.now.closed?.error.code == .connectionFailed)
        #expect(!wire.channel.isActive)
    }

    @Test func aSilentServiceIsHungUpOn() throws {
        let wire = try Wire()
        let (_, outcome) = try wire.send()
        wire.advance(milliseconds: 499)
        #expect(wire.channel.isActive)
        wire.advance(milliseconds: 1)
        #expect(!wire.channel.isActive)
        #expect(outcome.only?.error?.code == .connectionClosed)
        #expect(outcome.only?.mayHaveBeenSent == true)
    }

    @Test func cancellingEndsTheCallAtOnceAndDropsTheLateReply() throws {
        let wire = try Wire()
        let (call, outcome) = try wire.send()
        call.cancel()
        try #require(wire.observations.now.connection).abandon(call.number)
        wire.channel.embeddedEventLoop.run()
        #expect(outcome.only?.isCancelled == true)
        let (_, next) = try wire.send()
        try wire.receive(.ping([9]), 2)
        #expect(next.all.isEmpty)
        try wire.receive(.ping([8]), 3)
        #expect(next.only?.reply == .ping([8]))
        #expect(outcome.all.count == 1)
    }

    @Test func aCallCancelledOnItsWayToTheConnectionIsNotWritten() throws {
        let wire = try Wire()
        var frame = ByteBuffer()
        try frame.writeRequest(.ping([]), identifier: 1)
        let call = Call(number: 77, opcode: .ping, frame: frame, deadline: .distantFuture)
        let outcome = Outcome()
        call.whenFinished { outcome.append($0) }
        call.cancel()
        let connection = try #require(wire.observations.now.connection)
        connection.abandon(call.number)
        connection.send(call)
        #expect(try wire.sent().isEmpty)
        #expect(outcome.only?.isCancelled == true)
        #expect(wire.observations.now.released == [77])
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", "SMBL but then nonsense, long enough for a header"])
    func garbageClosesTheConnectionAsMalformed(text: String) throws {
        let wire = try Wire()
        let (_, outcome) = try wire.send()
        try wire.receive(ByteBuffer(string: text))
        #expect(!wire.channel.isActive)
        let code = wire.observations.now.closed?.error.code
        #expect(code == .malformedFrame || code == .unsupportedVersion)
        #expect(outcome.only?.error?.code == code)
        #expect(wire.observations.now.closed?.requests == [1])
        #expect(wire.observations.now.closeCount == 1)
    }

    @Test func aBodyThatDoesNotAddUpClosesTheConnectionAsMalformed() throws {
        let wire = try Wire()
        let (_, answered) = try wire.send()
        let (_, outcome) = try wire.send(.listNamespaces)
        var good = ByteBuffer()
        good.writeReply(.ping([5]), identifier: 2)
        var bad = ByteBuffer()
        bad.writeReply(.listNamespaces([]), identifier: 3)
        bad.setInteger(UInt8(1), at: FrameHeader.bytes)
        good.writeBuffer(&bad)
        try wire.receive(good)
        #expect(answered.only?.reply == .ping([5]), "what came whole before counts")
        #expect(outcome.only?.error?.code == .malformedFrame)
        #expect(!wire.channel.isActive)
    }

    @Test func aConnectionThatEndsInTheMiddleOfAFrameFailsWhoWaits() throws {
        let wire = try Wire()
        let (_, outcome) = try wire.send()
        var bytes = ByteBuffer()
        bytes.writeReply(.ping([1, 2, 3]), identifier: 2)
        let piece = bytes.readSlice(length: bytes.readableBytes - 1)
        try wire.receive(#require(piece))
        #expect(outcome.all.isEmpty)
        try wire.channel.close().wait()
        #expect(outcome.only?.error?.code == .connectionClosed)
        #expect(wire.observations.now.closeCount == 1)
    }

    @Test func anErrorThatClosesTheConnectionReachesItsRequestAndTheOthersAreOnlyCutOff() throws {
        let wire = try Wire()
        let (_, other) = try wire.send()
        let (_, culprit) = try wire.send()
        try wire.receive(.failure(CacheError(.frameTooLarge, "long"), .connection), 3)
        #expect(culprit.only?.error?.code == .frameTooLarge)
        #expect(other.only?.error?.code == .connectionClosed)
        #expect(!wire.channel.isActive)
    }

    @Test func aServiceThatShutsDownGetsNothingMoreOnThisConnection() throws {
        let wire = try Wire()
        let (_, refused) = try wire.send()
        let (_, other) = try wire.send()
        try wire.receive(.failure(CacheError(.shuttingDown, "bye"), .ping), 2)
        #expect(refused.only?.error?.code == .shuttingDown)
        #expect(wire.observations.now.isRetired)
        #expect(wire.channel.isActive, "somebody waits still")
        try wire.receive(.ping([1]), 3)
        #expect(other.only?.reply == .ping([1]))
        #expect(!wire.channel.isActive)
    }

    @Test func drainingLetsWhatIsInFlightFinishAndClosesThen() throws {
        let wire = try Wire()
        let (_, outcome) = try wire.send()
        try #require(wire.observations.now.connection).drain()
        let (_, late) = try wire.send()
        #expect(late.only?.mayHaveBeenSent == false)
        #expect(wire.channel.isActive)
        try wire.receive(.ping([1]), 2)
        #expect(outcome.only?.reply == .ping([1]))
        #expect(!wire.channel.isActive)
    }

    @Test func aReplyLargerThanTheLimitIsRefusedBeforeItArrives() throws {
        let wire = try Wire()
        let (_, outcome) = try wire.send()
        var header = ByteBuffer()
        header.writeReply(.ping([]), identifier: 2)
        header.setInteger(UInt32(Limits.frameBytes + 1), at: 8, endianness: .little)
        try wire.receive(header)
        #expect(outcome.only?.error?.code == .frameTooLarge)
        #expect(!wire.channel.isActive)
    }
}
