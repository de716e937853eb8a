import CacheModel
import CacheProtocol
import NIOCore
import Synchronization
import Testing

@testable import SemblanceClient

/// A cancelled call goes on at once, and no reply ever reaches another call than its own.
@Suite(.timeLimit(.minutes(10)))
struct CancellationTests {
    @Test func aCallInFlightEndsAtOnceAndItsLateReplyReachesNobody() async throws {
        var configuration = ClientConfiguration.test
        configuration.connectionLimit = 1
        let queue = ArrivalQueue()
        try await withService(configuration: configuration, script: queue.script) { client, service in
            let call = Task { try await client.statistics() }
            let late = try await queue.next()
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
            let next = Task { try await client.statistics() }
            let arrival = try await queue.next()
            #expect(arrival.identifier > late.identifier)
            late.reply(.statistics("late"))
            arrival.reply(.statistics("own"))
            #expect(try await next.value == "own")
            #expect(service.connectionCount == 1)
        }
    }

    @Test func aCallThatWaitsForAConnectionEndsAtOnce() async throws {
        let (greetings, greeted) = AsyncStream<ScriptedService.Arrival>.makeStream()
        try await withService(script: { greeted.yield($0) }) { client, _ in
            let call = Task { try await client.statistics() }
            for await hello in greetings {
                call.cancel()
                await #expect(throws: CancellationError.self) { try await call.value }
                ScriptedService.greet(hello)
                break
            }
        }
    }

    @Test func aTaskThatIsCancelledAlreadyAsksNobody() async throws {
        let client = try SemblanceClient(address: .network(host: "127.0.0.1", port: 1))
        let call = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await client.statistics()
        }
        await #expect(throws: CancellationError.self) { try await call.value }
        await client.close()
    }

    @Test func aCallCancelledJustBeforeThePoolKnowsOfItEndsAtOnce() async throws {
        try await withService(script: { _ in }) { client, _ in
            let attempt = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                var frame = ByteBuffer()
                try frame.writeRequest(.statistics, identifier: 1)
                return await client.pool.perform(.statistics, frame: frame, deadline: .now() + .seconds(5))
            }
            let outcome = try await attempt.value
            #expect(outcome.isCancelled)
        }
    }

    /// Thousands of calls, many of them cancelled at every possible moment, against a service that answers in random
    /// order and now and then hangs up. Every reply carries the number of the entry that was asked for.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func noReplyEverReachesAnotherCall(seed: UInt64) async throws {
        var configuration = ClientConfiguration.test
        configuration.connectionLimit = 3
        configuration.requestsPerConnection = 4
        let scrambler = Scrambler(seed: seed)
        let tally = Tally()
        let callCount = 3_000
        try await withService(configuration: configuration, script: scrambler.script) { client, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                var random = SeededGenerator(seed: seed)
                for number in 0..<UInt64(callCount) {
                    if number >= 64 { try await group.next() }
                    let isCancelled = Int.random(in: 0..<3, using: &random) == 0
                    let yieldCount = Int.random(in: 0..<40, using: &random)
                    group.addTask {
                        let call = Task {
                            let entry = try await client.entry(EntryIdentifier(number), in: "n")
                            #expect(entry.identifier.number == number)
                            #expect(entry.payload == Array(String(number).utf8))
                        }
                        if isCancelled {
                            for _ in 0..<yieldCount { await Task.yield() }
                            call.cancel()
                        }
                        do {
                            try await call.value
                            tally.count(\.answered)
                        } catch is CancellationError {
                            #expect(isCancelled)
                            tally.count(\.cancelled)
                        } catch let error as CacheError {
                            #expect(error.code == .connectionClosed)
                            tally.count(\.failed)
                        }
                    }
                }
                // What the service still holds back to answer it in another order.
                scrambler.release()
                try await group.waitForAll()
            }
            try await client.ping()
        }
        let counts = tally.counts
        #expect(counts.answered + counts.cancelled + counts.failed == callCount)
        #expect(counts.answered > callCount / 3)
        #expect(counts.cancelled > callCount / 30)
        #expect(scrambler.identifiersGrow)
    }
}

/// How calls ended.
private final class Tally: Sendable {
    struct Counts {
        var answered = 0
        var cancelled = 0
        var failed = 0
    }

    private let shared = Mutex(Counts())
    var counts: Counts { shared.withLock { $0 } }
    func count(_ end: any WritableKeyPath<Counts, Int> & Sendable) { shared.withLock { $0[keyPath: end] += 1 } }
}

/// Holds replies back and gives them out in random order.
private final class Scrambler: Sendable {
    private struct State {
        var held: [Int: [ScriptedService.Arrival]] = [:]
        var lastIdentifier: [Int: UInt64] = [:]
        var identifiersGrow = true
        var isReleased = false
        var random: SeededGenerator
    }

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(random: SeededGenerator(seed: seed &+ 1_000))) }

    /// Whether each connection has seen no identifier that was not above all earlier ones.
    var identifiersGrow: Bool { state.withLock { $0.identifiersGrow } }

    var script: ScriptedService.Script {
        { arrival in
            switch arrival.request {
            case .hello: ScriptedService.greet(arrival)
            case .get: self.take(arrival)
            default: arrival.echo()
            }
        }
    }

    /// Nothing is held back any more.
    func release() {
        state.withLock { state in
            state.isReleased = true
            for arrival in state.held.values.joined() { Self.answer(arrival) }
            state.held = [:]
        }
    }

    private func take(_ arrival: ScriptedService.Arrival) {
        state.withLock { state in
            let connection = arrival.connection
            if arrival.identifier <= state.lastIdentifier[connection, default: 1] { state.identifiersGrow = false }
            state.lastIdentifier[connection] = arrival.identifier
            state.held[connection, default: []].append(arrival)
            if Int.random(in: 0..<700, using: &state.random) == 0 {
                state.held[connection] = nil
                return arrival.close()
            }
            // Fewer are held than calls are made at once, so that there is always a next one to set some of them free.
            while let count = state.held[connection]?.count, count > (state.isReleased ? 0 : 8) {
                let index = Int.random(in: 0..<count, using: &state.random)
                if let answered = state.held[connection]?.remove(at: index) { Self.answer(answered) }
            }
        }
    }

    private static func answer(_ arrival: ScriptedService.Arrival) {
        guard case .get(let request) = arrival.request else { return }
        var entry = StoredEntry.sample(request.entry)
        entry.payload = Array(String(request.entry.number).utf8)
        entry.payloadBytes = entry.payload?.count ?? 0
        arrival.reply(.get(entry))
    }
}
