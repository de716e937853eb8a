import CacheModel
import CacheProtocol
import NIOCore
import NIOEmbedded
import SemblanceClient
import Testing

@testable import semblance

/// A worker on an event loop whose time the tests tell, with a service that answers when they say so.
@Suite struct BenchWorkerTests {
    private let folder: TemporaryFolder
    private let material: BenchMaterial
    private static let millisecond: UInt64 = 1_000_000

    init() throws {
        folder = try TemporaryFolder()
        let queries = try NumPyFile(
            folder.write("q.npy", NumPyBytes.float32(NumPyBytes.randomRows(5, dimension: 2, seed: 1))))
        material = try BenchMaterial(settings: BenchSettings(namespace: "n"), queries: queries, vectors: nil)
    }

    private func scene(connections: Int = 1) throws -> Scene { try Scene(connections: connections) }

    private func plan(
        rate: Double? = nil, count: Int? = nil, endMilliseconds: UInt64? = nil, pipeline: Int = 1_000
    ) -> BenchWorker.Plan {
        BenchWorker.Plan(
            startNanoseconds: 0, endNanoseconds: endMilliseconds.map { $0 * Self.millisecond },
            timetable: rate.map { BenchTimetable(rate: $0, requestCount: count) }, pipelineLimit: pipeline,
            timeoutNanoseconds: 1_000 * Self.millisecond)
    }

    private func workload(_ mix: String = "1") throws -> BenchWorkload {
        BenchWorkload(material, mix: try BenchMix(parsing: mix))
    }

    @Test func aRequestsTimeCountsFromWhenItWasDueAndNotFromWhenItCouldBeSent() throws {
        let scene = try scene()
        scene.run(try workload(), plan(rate: 1_000, count: 4, pipeline: 1))
        scene.advance(milliseconds: 0)
        #expect(try scene.requests().count == 1)
        // The service stalls for 10 ms; requests 1, 2 and 3 become due at 1, 2 and 3 ms meanwhile.
        scene.advance(milliseconds: 10)
        #expect(try scene.requests().isEmpty, "there is no room")
        try scene.answer(1)
        for _ in 1...3 {
            #expect(try scene.requests().count == 1)
            try scene.answer(1)
        }
        let tally = try scene.finished()
        let latency = tally[.lookup].latency
        #expect(latency.count == 4)
        // 10, 9, 8 and 7 ms: all were late, though the last three were answered at once when they were sent.
        #expect(Self.milliseconds(latency.minimumNanoseconds) == 7)
        #expect(Self.milliseconds(latency.maximumNanoseconds) == 10)
        #expect(Self.milliseconds(latency.meanNanoseconds) == 8 || Self.milliseconds(latency.meanNanoseconds) == 9)
        #expect(Self.milliseconds(tally.overhead.nanoseconds(atPercentile: 50)) == 0, "their round trips took no time")
        #expect(Self.milliseconds(tally.sendDelay.maximumNanoseconds) == 9)
        #expect(Self.milliseconds(tally.behindNanoseconds) == 7)
        #expect(Self.milliseconds(tally.blockedNanoseconds) == 9)
    }

    @Test func anOpenLoopDoesNotWaitForReplies() throws {
        let scene = try scene(connections: 2)
        scene.run(try workload(), plan(rate: 1_000, count: 6))
        scene.advance(milliseconds: 0)
        for _ in 0..<6 {
            #expect(try scene.requests().count == 1)
            scene.advance(milliseconds: 1)
        }
        #expect(scene.inFlightCounts == [3, 3], "connections take turns")
        try scene.answer(6)
        let tally = try scene.finished()
        #expect(tally[.lookup].sentCount == 6)
        #expect(tally.behindNanoseconds == 0)
        #expect(tally.blockedNanoseconds == 0)
    }

    @Test func whatIsDueAndNotSentAtTheEndIsCounted() throws {
        let scene = try scene()
        scene.run(try workload(), plan(rate: 1_000, count: 100, endMilliseconds: 100, pipeline: 2))
        scene.advance(milliseconds: 200)
        #expect(try scene.requests().count == 2)
        try scene.answer(2)
        let tally = try scene.finished()
        #expect(tally[.lookup].sentCount == 2)
        #expect(tally.unsentCount == 98)
        #expect(Self.milliseconds(tally.behindNanoseconds) == 98, "the third was due at 2 ms and the end is at 100")
        #expect(Self.milliseconds(tally.blockedNanoseconds) == 98)
        var settings = BenchSettings(namespace: "n")
        settings.rate = .perSecond(1_000)
        var result = BenchResult(settings: settings, material: material, address: .standard)
        result.timetable = BenchTimetable(rate: 1_000, requestCount: 100)
        result.tally = tally
        #expect(result.isRateKept == false)
        #expect(!result.isSound)
        #expect(
            result.lines.contains(
                "the generator was behind by 0.10 s: 98 requests were due and not sent, "
                    + "and the times above leave them out"))
        #expect(
            result.lines.last == "  The service did not keep up: all connections were full with requests in flight.")
    }

    @Test func aClosedLoopKeepsSoManyRequestsInFlight() throws {
        let scene = try scene(connections: 2)
        scene.run(try workload(), plan(endMilliseconds: 50, pipeline: 3))
        scene.advance(milliseconds: 0)
        #expect(scene.inFlightCounts == [3, 3])
        _ = try scene.requests()
        scene.advance(milliseconds: 5)
        try scene.answer(2)
        #expect(scene.inFlightCounts == [3, 3], "each reply makes room for one request")
        scene.advance(milliseconds: 200)
        while try !scene.requests().isEmpty {}
        try scene.answer(.max)
        #expect(scene.inFlightCounts == [0, 0], "nothing is sent after the end")
        let tally = try scene.finished()
        #expect(tally[.lookup].sentCount == 8)
        #expect(tally[.lookup].answeredCount == 8)
        #expect(tally.sendDelay.isEmpty)
    }

    @Test func theTimeOfTheSearchIsTakenFromTheRoundTrip() throws {
        let scene = try scene()
        var plan = plan()
        plan.requestLimit = 2
        scene.run(try workload(), plan)
        scene.advance(milliseconds: 8)
        scene.searchNanoseconds = 3 * Self.millisecond
        try scene.answer(1)
        scene.searchNanoseconds = 9_000 * Self.millisecond
        try scene.answer(1)
        let tally = try scene.finished()
        #expect(Self.milliseconds(tally.overhead.maximumNanoseconds) == 5)
        #expect(tally.overhead.minimumNanoseconds == 0, "a search that took longer than the round trip leaves nothing")
        #expect(Self.milliseconds(tally.search.minimumNanoseconds) == 3)
    }

    @Test func errorsCountByCodeAndNotAsTimes() throws {
        let scene = try scene()
        var plan = plan()
        plan.requestLimit = 3
        scene.run(try workload(), plan)
        scene.advance(milliseconds: 1)
        scene.failure = CacheError(.overloaded, "busy")
        try scene.answer(1)
        scene.failure = nil
        scene.refusal = CacheError(.invalidVector, "zero")
        try scene.answer(1)
        scene.refusal = nil
        try scene.answer(1)
        let tally = try scene.finished()
        #expect(tally.errors == [.overloaded: 1, .invalidVector: 1])
        #expect(tally[.lookup].answeredCount == 1)
        #expect(tally.hitCount + tally.missCount == 1)
    }

    @Test func aSilentServiceIsGivenUp() throws {
        let scene = try scene(connections: 2)
        scene.run(try workload(), plan(pipeline: 2))
        scene.advance(milliseconds: 1_100)
        let tally = try scene.finished()
        #expect(tally.errors == [.deadlineExceeded: 4])
        #expect(tally.lostConnectionCount == 2)
    }

    @Test func aLostConnectionFailsItsRequestsAndTheOthersGoOn() throws {
        let scene = try scene(connections: 2)
        scene.run(try workload(), plan(rate: 1_000, count: 10))
        scene.advance(milliseconds: 3)
        _ = try scene.requests()
        try scene.disconnect(0)
        scene.advance(milliseconds: 20)
        try scene.answer(.max)
        let tally = try scene.finished()
        #expect(tally.errors == [.connectionClosed: 2])
        #expect(tally[.lookup].answeredCount == 8)
        #expect(tally.lostConnectionCount == 1)
    }

    @Test func anInterruptedLoadWaitsASecondForReplies() throws {
        let scene = try scene()
        scene.run(try workload(), plan(pipeline: 4))
        scene.advance(milliseconds: 0)
        _ = try scene.requests()
        try scene.answer(1)
        scene.worker.interrupt()
        scene.advance(milliseconds: 999)
        #expect(scene.tally == nil)
        scene.advance(milliseconds: 1)
        let tally = try scene.finished()
        #expect(tally.errorCount == 0)
        #expect(tally.unansweredCount == 4)
    }

    private static func milliseconds(_ nanoseconds: UInt64) -> Int {
        Int((Double(nanoseconds) / Double(millisecond)).rounded())
    }
}

/// A worker and its connections; the other end of them is the test.
private final class Scene {
    let eventLoop = EmbeddedEventLoop()
    let worker: BenchWorker
    var searchNanoseconds: UInt64 = 0
    /// What requests are answered with; nil for a miss.
    var failure: CacheError?
    var refusal: CacheError?
    private var channels: [EmbeddedChannel] = []
    private var connections: [BenchConnection] = []
    /// Requests that have been sent and not answered, oldest first.
    private var waiting: [(channel: Int, identifier: UInt64)] = []
    private(set) var tally: Result<BenchTally, any Error>?

    init(connections count: Int) throws {
        worker = BenchWorker(on: eventLoop, gauge: BenchGauge())
        for index in 0..<count {
            let hello = eventLoop.makePromise(of: HelloReply.self)
            let connection = BenchConnection(greeting: HelloRequest(clientName: "test"), hello: hello)
            let channel = EmbeddedChannel(handler: connection, loop: eventLoop)
            channels.append(channel)
            connections.append(connection)
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            worker.add(connection)
            #expect(try read(index).count == 1)
            waiting = []
            let reply = HelloReply(serverVersion: "1", position: .zero)
            try write(.hello(reply), identifier: 1, on: index)
            #expect(connection.isOpen)
        }
    }

    var inFlightCounts: [Int] { connections.map(\.inFlightCount) }

    func run(_ workload: BenchWorkload, _ plan: BenchWorker.Plan) {
        worker.run(workload, plan).assumeIsolated().whenComplete { self.tally = $0 }
    }

    func advance(milliseconds: Int64) { eventLoop.advanceTime(by: .milliseconds(milliseconds)) }

    /// What has been sent since the last time, on all connections.
    func requests() throws -> [Frame] { try channels.indices.flatMap(read) }

    private func read(_ index: Int) throws -> [Frame] {
        var frames: [Frame] = []
        var decoder = FrameDecoder(expecting: .requests)
        while var bytes = try channels[index].readOutbound(as: ByteBuffer.self) {
            while let frame = try decoder.next(from: &bytes) {
                frames.append(frame)
                waiting.append((index, frame.header.requestIdentifier))
            }
        }
        return frames
    }

    /// Answers the oldest requests; all that are there already where there are fewer.
    func answer(_ count: Int) throws {
        _ = try requests()
        let answered = waiting.prefix(count)
        waiting.removeFirst(answered.count)
        for request in answered { try write(reply, identifier: request.identifier, on: request.channel) }
    }

    private var reply: Reply {
        if let failure { return .failure(failure, .lookup) }
        let outcome: LookupOutcome = refusal.map { .refused($0) } ?? .miss(Miss(reason: .belowThreshold))
        return .lookup([
            LookupReply(
                outcome: outcome, lease: Lease(position: .zero, namespace: 0), sourceSequences: [],
                searchNanoseconds: searchNanoseconds)
        ])
    }

    private func write(_ reply: Reply, identifier: UInt64, on index: Int) throws {
        var bytes = ByteBuffer()
        bytes.writeReply(reply, identifier: identifier)
        try channels[index].writeInbound(bytes)
    }

    func disconnect(_ index: Int) throws {
        waiting.removeAll { $0.channel == index }
        channels[index].close(promise: nil)
        eventLoop.run()
    }

    func finished() throws -> BenchTally {
        eventLoop.run()
        let tally = try #require(tally, "the load is not over").get()
        for channel in channels { _ = try channel.finish(acceptAlreadyClosed: true) }
        return tally
    }
}
