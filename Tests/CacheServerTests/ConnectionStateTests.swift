import CacheModel
import CacheProtocol
import CacheServer
import NIOCore
import Testing

@Suite struct ConnectionStateTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private static let terms: ConnectionTerms = {
        var terms = ConnectionTerms()
        terms.requestsInFlight = 3
        terms.bytesInFlight = 1_000
        return terms
    }()

    private func frame(_ opcode: Opcode, _ identifier: UInt64) -> FrameHeader {
        FrameHeader(opcode: opcode, flags: [], requestIdentifier: identifier)
    }

    private func greeted() -> ConnectionState {
        var state = ConnectionState(terms: Self.terms, now: Self.start)
        _ = state.admit(frame(.hello, 1), now: Self.start)
        state.helloAccepted()
        return state
    }

    // MARK: Hello

    @Test func theFirstRequestIsHello() {
        var state = ConnectionState(terms: Self.terms, now: Self.start)
        guard case .end(let farewell) = state.admit(frame(.ping, 9), now: Self.start) else {
            Issue.record("a ping was taken before HELLO")
            return
        }
        #expect(farewell.error.code == .malformedFrame)
        #expect(farewell.opcode == .ping)
        #expect(farewell.identifier == 9)
    }

    @Test func aSecondHelloIsRefusedAndTheConnectionLives() {
        var state = greeted()
        guard case .refuse(let error) = state.admit(frame(.hello, 2), now: Self.start) else {
            Issue.record("a second HELLO was taken")
            return
        }
        #expect(error.code == .invalidArgument)
        #expect(state.phase == .serving)
    }

    @Test func aRefusedConnectionSaysWhyAndEnds() {
        let refusal = CacheError(.overloaded, "full")
        var state = ConnectionState(terms: Self.terms, refusal: refusal, now: Self.start)
        #expect(state.dropsInput == true)
        #expect(state.settle(.nothing, now: Self.start) == .finish(.init(error: refusal)))
    }

    // MARK: Identifiers

    @Test func anIdentifierInFlightIsNotUsedAgain() {
        var state = greeted()
        state.begin(5, bytes: 10)
        guard case .end(let farewell) = state.admit(frame(.lookup, 5), now: Self.start) else {
            Issue.record("an identifier in flight was taken again")
            return
        }
        #expect(farewell.identifier == 0)
    }

    @Test func anAnsweredIdentifierIsFree() {
        var state = greeted()
        state.begin(5, bytes: 10)
        #expect(state.complete(5, replyBytes: 1, now: Self.start) == 10)
        #expect(state.admit(frame(.lookup, 5), now: Self.start) == .take)
    }

    @Test func anAnswerNobodyWaitsForChangesNothing() {
        var state = greeted()
        #expect(state.complete(5, replyBytes: 1, now: Self.start) == 0)
        #expect(state.inFlightCount == 0)
    }

    // MARK: Credit

    @Test func creditEndsWithTheNumberOfRequests() {
        var state = greeted()
        for identifier in UInt64(2)...4 {
            #expect(state.mayTakeFrame && state.mayRead)
            state.begin(identifier, bytes: 1)
        }
        #expect(!state.mayTakeFrame && !state.mayRead)
        _ = state.complete(3, replyBytes: 0, now: Self.start)
        #expect(state.mayTakeFrame && state.mayRead)
    }

    @Test func creditEndsWithTheBytesOfRequestsButOneIsAlwaysLetIn() {
        var state = greeted()
        state.begin(2, bytes: 5_000)
        #expect(state.mayTakeFrame == false)
        _ = state.complete(2, replyBytes: 0, now: Self.start)
        #expect(state.mayTakeFrame == true)
        state.begin(3, bytes: 999)
        #expect(state.mayTakeFrame == true)
    }

    @Test func repliesThatThePeerDoesNotTakeUseCreditUp() {
        var state = greeted()
        state.outputChanged(bufferedBytes: 1_000, hasProgressed: false, now: Self.start)
        #expect(state.mayTakeFrame == false)
        state.outputChanged(bufferedBytes: 0, hasProgressed: true, now: Self.start)
        #expect(state.mayTakeFrame == true)
    }

    @Test func largeRepliesMakeTheConnectionExpectMoreOfThem() {
        var state = greeted()
        state.begin(2, bytes: 10)
        _ = state.complete(2, replyBytes: 800, now: Self.start)
        state.begin(3, bytes: 10)
        #expect(state.mayTakeFrame == true)
        state.begin(4, bytes: 10)
        #expect(state.mayTakeFrame == false, "two replies of 800 bytes exceed 1000")
        // Small ones let it forget.
        _ = state.complete(3, replyBytes: 1, now: Self.start)
        _ = state.complete(4, replyBytes: 1, now: Self.start)
        for identifier in UInt64(10)..<100 {
            state.begin(identifier, bytes: 10)
            _ = state.complete(identifier, replyBytes: 1, now: Self.start)
        }
        state.begin(3, bytes: 10)
        state.begin(4, bytes: 10)
        #expect(state.mayTakeFrame == true)
    }

    @Test func anUnwritableChannelIsNotRead() {
        var state = greeted()
        state.writabilityChanged(to: false)
        #expect(state.mayRead == false)
        state.writabilityChanged(to: true)
        #expect(state.mayRead == true)
    }

    // MARK: Ending

    @Test func whatIsInFlightIsAnsweredBeforeTheFarewell() {
        var state = greeted()
        state.begin(2, bytes: 10)
        let farewell = ConnectionState.Farewell(error: CacheError(.malformedFrame, "no"))
        state.end(farewell, now: Self.start)
        #expect(state.dropsInput && !state.mayTakeFrame && state.mayRead)
        #expect(state.settle(.nothing, now: Self.start) == .none)
        _ = state.complete(2, replyBytes: 0, now: Self.start)
        #expect(state.settle(.nothing, now: Self.start) == .finish(farewell))
        #expect(state.phase == .lingering)
        #expect(state.settle(.nothing, now: Self.start) == .none)
    }

    @Test func onlyTheFirstReasonToEndCounts() {
        var state = greeted()
        let first = ConnectionState.Farewell(error: CacheError(.malformedFrame, "first"))
        state.end(first, now: Self.start)
        state.end(.init(error: CacheError(.malformedFrame, "second")), now: Self.start)
        #expect(state.settle(.nothing, now: Self.start) == .finish(first))
    }

    @Test func drainingRefusesRequestsAndAnswersThoseInFlight() {
        var state = greeted()
        state.begin(2, bytes: 10)
        state.drain(now: Self.start)
        #expect(state.settle(.nothing, now: Self.start) == .none)
        guard case .refuse(let error) = state.admit(frame(.lookup, 3), now: Self.start) else {
            Issue.record("a request was taken while draining")
            return
        }
        #expect(error.code == .shuttingDown)
        _ = state.complete(2, replyBytes: 0, now: Self.start)
        #expect(state.settle(.frames, now: Self.start) == .none, "frames that came are refused first")
        guard case .finish(let farewell) = state.settle(.nothing, now: Self.start) else {
            Issue.record("a drained connection stays open")
            return
        }
        #expect(farewell?.error.code == .shuttingDown)
    }

    @Test func drainingEndsAConnectionWithoutHelloAtOnce() {
        var state = ConnectionState(terms: Self.terms, now: Self.start)
        state.drain(now: Self.start)
        guard case .finish = state.settle(.nothing, now: Self.start) else {
            Issue.record("it waits")
            return
        }
    }

    @Test func aPeerThatSendsNothingMoreGetsItsReplies() {
        var state = greeted()
        state.begin(2, bytes: 10)
        state.inputClosed()
        #expect(state.settle(.nothing, now: Self.start) == .none)
        _ = state.complete(2, replyBytes: 0, now: Self.start)
        #expect(state.settle(.frames, now: Self.start) == .none)
        #expect(state.settle(.nothing, now: Self.start) == .finish(nil))
        #expect(state.settle(.nothing, now: Self.start) == .close)
    }

    @Test func anInputThatEndsInsideAFrameIsMalformed() {
        var state = greeted()
        state.inputClosed()
        guard case .finish(let farewell) = state.settle(.partialFrame, now: Self.start) else {
            Issue.record("it waits")
            return
        }
        #expect(farewell?.error.code == .malformedFrame)
    }

    // MARK: Deadlines

    @Test func helloHasADeadline() {
        var state = ConnectionState(terms: Self.terms, now: Self.start)
        let deadline = Self.start + Self.terms.hello
        #expect(state.nextDeadline == deadline)
        _ = state.timePassed(now: deadline - .nanoseconds(1))
        #expect(state.dropsInput == false)
        _ = state.timePassed(now: deadline)
        #expect(state.phase == .ending(.init(error: CacheError(.deadlineExceeded, "HELLO did not come in time"))))
    }

    @Test func aFrameThatIsBegunHasADeadlineOfItsOwn() {
        var state = greeted()
        _ = state.settle(.partialFrame, now: Self.start)
        let later = Self.start + .seconds(20)
        _ = state.settle(.partialFrame, now: later)
        #expect(state.nextDeadline == Self.start + Self.terms.frame, "more bytes of the frame gain no time")
        _ = state.timePassed(now: Self.start + Self.terms.frame)
        #expect(state.dropsInput == true)
    }

    @Test func theNextFrameHasTheWholeTimeAgain() {
        var state = greeted()
        _ = state.settle(.partialFrame, now: Self.start)
        let later = Self.start + .seconds(20)
        _ = state.admit(frame(.ping, 2), now: later)
        _ = state.settle(.partialFrame, now: later)
        #expect(state.nextDeadline == later + Self.terms.frame)
    }

    @Test func aFrameThatIsNotReadForWantOfCreditIsNotLate() {
        var state = greeted()
        state.begin(2, bytes: 2_000)
        _ = state.settle(.partialFrame, now: Self.start)
        #expect(state.nextDeadline == nil)
    }

    @Test func onlyAConnectionWithNothingToDoIsIdle() {
        var state = greeted()
        let deadline = Self.start + Self.terms.idle
        #expect(state.nextDeadline == deadline)
        state.begin(2, bytes: 10)
        #expect(state.nextDeadline == nil)
        _ = state.timePassed(now: deadline)
        #expect(state.dropsInput == false)
        _ = state.complete(2, replyBytes: 0, now: deadline)
        #expect(state.nextDeadline == deadline + Self.terms.idle)
        _ = state.timePassed(now: deadline + Self.terms.idle)
        #expect(state.dropsInput == true)
    }

    @Test func aPeerThatTakesNoByteIsCutOff() {
        var state = greeted()
        state.outputChanged(bufferedBytes: 500, hasProgressed: true, now: Self.start)
        let later = Self.start + .seconds(20)
        state.outputChanged(bufferedBytes: 700, hasProgressed: false, now: later)
        let deadline = Self.start + Self.terms.write
        #expect(state.nextDeadline == deadline)
        #expect(state.timePassed(now: deadline) == .close)
    }

    @Test func aPeerThatTakesSomethingIsGivenTime() {
        var state = greeted()
        state.outputChanged(bufferedBytes: 500, hasProgressed: true, now: Self.start)
        let later = Self.start + .seconds(20)
        state.outputChanged(bufferedBytes: 400, hasProgressed: true, now: later)
        #expect(state.timePassed(now: Self.start + Self.terms.write) == .none)
        #expect(state.timePassed(now: later + Self.terms.write) == .close)
    }

    @Test func drainingHasADeadline() {
        var state = greeted()
        state.begin(2, bytes: 10)
        state.drain(now: Self.start)
        #expect(state.nextDeadline == Self.start + Self.terms.drain)
        #expect(state.timePassed(now: Self.start + Self.terms.drain) == .close)
    }

    @Test func aPeerThatDoesNotCloseIsNotWaitedForLong() {
        var state = greeted()
        state.end(nil, now: Self.start)
        _ = state.settle(.nothing, now: Self.start)
        #expect(state.timePassed(now: Self.start) == .none)
        #expect(state.nextDeadline == Self.start + Self.terms.linger)
        #expect(state.timePassed(now: Self.start + Self.terms.linger) == .close)
    }

    @Test func aClosedConnectionHasNoDeadlinesAndTakesNothing() {
        var state = greeted()
        state.begin(2, bytes: 10)
        state.outputChanged(bufferedBytes: 500, hasProgressed: true, now: Self.start)
        state.closed()
        #expect(state.nextDeadline == nil)
        #expect(state.mayTakeFrame == false)
        #expect(state.complete(2, replyBytes: 0, now: Self.start) == 10)
        #expect(state.settle(.nothing, now: Self.start) == .none)
    }
}
