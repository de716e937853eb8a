@testable import Gateway
import CacheModel
import GatewayCore
import NIOCore
import Testing

/// One upstream call and those who listen to it.
@Suite struct AnswerFlightTests {
    private static let head = AnswerFlight.Head(status: 200, fields: [], isEventStream: true)

    /// Everything that a listener hears, to the end.
    private static func hear(_ listener: FlightListener) async throws -> [UInt8] {
        var heard: [UInt8] = []
        _ = try await listener.head()
        while case .bytes(let buffer) = try await listener.next() { heard += buffer.readableBytesView }
        return heard
    }

    @Test func everyListenerHearsTheSameWhenverItJoined() async throws {
        let flight = AnswerFlight()
        let first = flight.firstListener()
        let gate = Gate()
        flight.start { flight in
            flight.begin(Self.head)
            for byte in UInt8(0)..<100 {
                if byte == 50 { await gate.pass() }
                await flight.append(ByteBuffer(bytes: [byte]))
            }
            flight.end(.init())
        }
        _ = try await first.head()
        let second = try #require(flight.listen())
        gate.open()
        let both = try await [Self.hear(first), Self.hear(second)]
        #expect(both == [Array(0..<100), Array(0..<100)])
        // Even after the end, as long as it is kept.
        let third = try #require(flight.listen())
        let late = try await Self.hear(third)
        #expect(late == Array(0..<100))
    }

    @Test func theUpstreamIsReadNoFartherThanTheWindowAheadOfItsListeners() async throws {
        let flight = AnswerFlight()
        let listener = flight.firstListener()
        let piece = ByteBuffer(repeating: 1, count: AnswerFlight.windowBytes / 4)
        let appended = Counter()
        flight.start { flight in
            flight.begin(Self.head)
            for _ in 0..<40 {
                await flight.append(piece)
                appended.increment()
            }
            flight.end(.init())
        }
        var heard = 0
        while case .bytes(let buffer) = try await listener.next() {
            heard += buffer.readableBytes
            #expect(appended.value * piece.readableBytes <= heard + AnswerFlight.windowBytes + piece.readableBytes)
        }
        #expect(heard == 40 * piece.readableBytes)
    }

    @Test func nobodyJoinsAFlightWhoseBeginningIsForgotten() async throws {
        let flight = AnswerFlight()
        let listener = flight.firstListener()
        let piece = ByteBuffer(repeating: 1, count: 1 << 20)
        flight.start { flight in
            flight.begin(Self.head)
            for _ in 0..<20 { await flight.append(piece) }
            flight.end(.init())
        }
        var heard = 0
        while case .bytes(let buffer) = try await listener.next() { heard += buffer.readableBytes }
        #expect(heard == 20 << 20)
        #expect(flight.listen() == nil)
    }

    @Test func theCallIsCancelledWhenTheLastListenerLeaves() async throws {
        let flight = AnswerFlight()
        let first = flight.firstListener()
        let second = try #require(flight.listen())
        let cancelled = Gate()
        flight.start { _ in
            do { try await Task.sleep(for: .seconds(3_600)) } catch { cancelled.open() }
        }
        first.leave()
        second.leave()
        await cancelled.pass()
        #expect(flight.listen() == nil)
        await #expect(throws: CancellationError.self) { try await second.next() }
    }

    @Test func aListenerWhoseTaskIsCancelledHasLeft() async throws {
        let flight = AnswerFlight()
        let listener = flight.firstListener()
        let cancelled = Gate()
        flight.start { _ in
            do { try await Task.sleep(for: .seconds(3_600)) } catch { cancelled.open() }
        }
        let listening = Task { try await listener.head() }
        listening.cancel()
        await #expect(throws: CancellationError.self) { _ = try await listening.value }
        await cancelled.pass()
    }

    @Test func nobodyJoinsACallThatHasBeenGivenUp() async throws {
        let board = FlightBoard()
        let key = FlightBoard.Flights.Key(namespace: "n", scope: Scope(1), key: ExactKey(2), dependencies: [])
        let freshness = FlightBoard.Flights.Freshness(
            position: Position(incarnation: 1, sequence: 1), sourceSequences: [], hasTags: false)
        let gate = Gate()
        let given = board.board(key, freshness) { _ in await gate.pass() }
        #expect(!given.isJoined)
        given.listener.leave()
        let next = board.board(key, freshness) { flight in
            flight.begin(Self.head)
            await flight.append(ByteBuffer(bytes: [7]))
            flight.end(.init())
        }
        #expect(!next.isJoined)
        let heard = try await Self.hear(next.listener)
        #expect(heard == [7])
        gate.open()
    }

    @Test func aFailureBeforeTheHeadIsToldToAll() async throws {
        let flight = AnswerFlight()
        let first = flight.firstListener()
        let second = try #require(flight.listen())
        let error = GatewayError(.upstreamUnavailable, "gone")
        flight.start { $0.end(.init(error: error)) }
        await #expect(throws: error) { _ = try await first.head() }
        await #expect(throws: error) { _ = try await second.head() }
    }
}
