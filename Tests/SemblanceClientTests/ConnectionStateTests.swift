import CacheModel
import CacheProtocol
import NIOCore
import Testing

@testable import SemblanceClient

/// The state machine with what the tests ask of it after every step.
private final class Conversation {
    var state = ConnectionState<TestCall>(silenceLimit: .milliseconds(500))

    /// - Parameter isOpen: HELLO was exchanged.
    init(isOpen: Bool = true) {
        _ = state.start(deadline: .at(200))
        if isOpen { _ = receive(.hello(.test), 1) }
    }

    func check(_ location: SourceLocation) {
        let holds = state.holdsInvariants
        #expect(holds, sourceLocation: location)
    }

    func send(_ call: TestCall, at now: Int = 0, _ location: SourceLocation = #_sourceLocation) -> UInt64? {
        defer { check(location) }
        if case .write(let identifier) = state.send(call, now: .at(now)) { return identifier }
        return nil
    }

    func refusal(of call: TestCall, at now: Int = 0) -> AttemptOutcome? {
        if case .refuse(let outcome) = state.send(call, now: .at(now)) { return outcome }
        return nil
    }

    func receive(
        _ reply: Reply, _ identifier: UInt64, _ location: SourceLocation = #_sourceLocation
    ) -> ConnectionState<TestCall>.ReceiveAction {
        defer { check(location) }
        return state.received(reply, identifier: identifier)
    }

    /// The call that an answer reaches; nil for a late one.
    func finish(_ identifier: UInt64, _ reply: Reply = .ping([]), _ location: SourceLocation = #_sourceLocation)
        -> TestCall?
    {
        guard case .finish(let call, let finished, _, _) = receive(reply, identifier, location) else {
            Issue.record("the reply was not taken", sourceLocation: location)
            return nil
        }
        #expect(finished == reply, sourceLocation: location)
        return call
    }

    func abandon(_ number: UInt64, _ location: SourceLocation = #_sourceLocation) -> TestCall? {
        defer { check(location) }
        return state.abandon(number)
    }

    func wake(at now: Int, _ location: SourceLocation = #_sourceLocation) -> ConnectionState<TestCall>.WakeAction {
        defer { check(location) }
        return state.wake(now: .at(now))
    }

    func close() -> ConnectionState<TestCall>.Ending? { state.close() }
    var nextWake: NIODeadline? { state.nextWake }
    var pendingCount: Int { state.counts.pending }
    var isDrained: Bool { state.isDrained }
}

extension HelloReply {
    static let test = HelloReply(serverVersion: "test", position: Position(incarnation: 7, sequence: 1))
}

extension ConnectionState.ReceiveAction {
    fileprivate var closing: CacheError? { if case .close(let error) = self { error } else { nil } }
}

struct ConnectionStateTests {
    // MARK: HELLO

    @Test func nothingIsSentBeforeHelloIsAnswered() throws {
        let conversation = Conversation(isOpen: false)
        let refusal = try #require(conversation.refusal(of: TestCall(number: 1)))
        #expect(refusal.error?.code == .connectionClosed)
        #expect(refusal.mayHaveBeenSent == false)
    }

    @Test func helloOpensTheConnection() {
        let conversation = Conversation(isOpen: false)
        guard case .opened(let hello) = conversation.receive(.hello(.test), 1) else {
            Issue.record("not opened")
            return
        }
        #expect(hello == .test)
        #expect(conversation.nextWake == nil)
    }

    @Test(arguments: [
        Reply.failure(CacheError(.unsupportedVersion, "old"), .hello),
        .failure(CacheError(.unsupportedVersion, "old"), .connection),
    ])
    func aRefusedHelloClosesTheConnectionWithTheServicesError(reply: Reply) {
        let conversation = Conversation(isOpen: false)
        #expect(conversation.receive(reply, 1).closing?.code == .unsupportedVersion)
    }

    @Test func anythingElseThanHelloFirstIsAViolation() {
        #expect(Conversation(isOpen: false).receive(.ping([]), 1).closing?.code == .malformedFrame)
        #expect(Conversation(isOpen: false).receive(.hello(.test), 2).closing?.code == .malformedFrame)
        var hello = HelloReply.test
        hello.protocolVersion = 2
        #expect(Conversation(isOpen: false).receive(.hello(hello), 1).closing?.code == .malformedFrame)
    }

    @Test func helloHasADeadline() {
        let conversation = Conversation(isOpen: false)
        #expect(conversation.nextWake == .at(200))
        #expect(conversation.wake(at: 199).closing == nil)
        #expect(conversation.wake(at: 200).closing?.code == .connectionFailed)
    }

    // MARK: Replies

    @Test func repliesInAnyOrderReachTheirOwnRequests() {
        let conversation = Conversation()
        let identifiers = (1...5).compactMap { conversation.send(TestCall(number: $0)) }
        #expect(identifiers == [2, 3, 4, 5, 6])
        for index in [3, 0, 4, 2, 1] { #expect(conversation.finish(identifiers[index])?.number == UInt64(index + 1)) }
        #expect(conversation.pendingCount == 0)
    }

    @Test func identifiersGrowAndAreNeverUsedAgain() {
        let conversation = Conversation()
        var last: UInt64 = 1
        for number in 1...100 as ClosedRange<UInt64> {
            let identifier = conversation.send(TestCall(number: number)) ?? 0
            #expect(identifier == last + 1)
            last = identifier
            if number % 3 == 0 { _ = conversation.finish(identifier) }
            if number % 3 == 1 { _ = conversation.abandon(number) }
        }
    }

    @Test func aReplyThatNobodyAskedForClosesTheConnection() throws {
        let conversation = Conversation()
        let identifier = try #require(conversation.send(TestCall(number: 1)))
        #expect(conversation.receive(.ping([]), identifier + 1).closing?.code == .malformedFrame)
        let other = Conversation()
        let again = try #require(other.send(TestCall(number: 1)))
        _ = other.finish(again)
        #expect(other.receive(.ping([]), again).closing?.code == .malformedFrame, "a second reply")
    }

    @Test func aReplyOfAnotherKindClosesTheConnection() throws {
        let conversation = Conversation()
        let identifier = try #require(conversation.send(TestCall(number: 1)))
        #expect(conversation.receive(.statistics("{}"), identifier).closing?.code == .malformedFrame)
        let error = Reply.failure(CacheError(.overloaded, ""), .statistics)
        #expect(conversation.receive(error, identifier).closing?.code == .malformedFrame)
        #expect(conversation.close()?.calls.map(\.number) == [1])
    }

    @Test func anErrorAboutTheConnectionGoesToTheRequestThatItNames() throws {
        let conversation = Conversation()
        _ = conversation.send(TestCall(number: 1))
        let identifier = try #require(conversation.send(TestCall(number: 2)))
        let reply = Reply.failure(CacheError(.frameTooLarge, ""), .connection)
        #expect(conversation.finish(identifier, reply)?.number == 2)
        guard case .close(let error) = ConnectionState<TestCall>.consequence(of: reply) else {
            Issue.record("the connection is over after such an error")
            return
        }
        #expect(error.code == .connectionClosed)
        #expect(conversation.receive(reply, 0).closing?.code == .connectionClosed, "and to nobody where it names none")
    }

    @Test func aServiceThatStopsRetiresTheConnection() {
        typealias State = ConnectionState<TestCall>
        #expect(State.consequence(of: .failure(CacheError(.shuttingDown, ""), .lookup)) == .retire)
        #expect(State.consequence(of: .failure(CacheError(.overloaded, ""), .lookup)) == .none)
        #expect(State.consequence(of: .ping([])) == .none)
    }

    // MARK: Cancelling

    @Test func aCancelledRequestKeepsItsPlaceAndItsLateReplyReachesNobody() throws {
        let conversation = Conversation()
        let identifier = try #require(conversation.send(TestCall(number: 1)))
        #expect(conversation.abandon(1)?.number == 1)
        #expect(conversation.pendingCount == 1)
        let next = try #require(conversation.send(TestCall(number: 2)))
        #expect(next != identifier)
        #expect(conversation.finish(identifier) == nil)
        #expect(conversation.finish(next)?.number == 2)
    }

    @Test func cancellingChangesNothingBeforeAfterAndTwice() throws {
        let conversation = Conversation()
        #expect(conversation.abandon(1) == nil, "before it is sent")
        let identifier = try #require(conversation.send(TestCall(number: 1)))
        #expect(conversation.abandon(1)?.number == 1)
        #expect(conversation.abandon(1) == nil, "twice")
        _ = conversation.finish(identifier)
        #expect(conversation.abandon(1) == nil, "after its reply")
        let second = try #require(conversation.send(TestCall(number: 2)))
        #expect(conversation.finish(second)?.number == 2)
        #expect(conversation.abandon(2) == nil, "after it was answered")
        _ = conversation.send(TestCall(number: 3))
        _ = conversation.close()
        #expect(conversation.abandon(3) == nil, "after the connection was closed")
        #expect(Conversation(isOpen: false).abandon(1) == nil, "before HELLO")
    }

    @Test func aRequestThatWasCancelledOnItsWayIsNotSent() {
        let conversation = Conversation()
        let refusal = conversation.refusal(of: TestCall(number: 1, isCancelled: true))
        #expect(refusal?.isCancelled == true)
        #expect(conversation.pendingCount == 0)
    }

    // MARK: Deadlines and silence

    @Test func aRequestEndsAtItsDeadlineAndItsLateReplyReachesNobody() throws {
        let conversation = Conversation()
        let slow = try #require(conversation.send(TestCall(number: 1, deadline: .at(300))))
        let quick = try #require(conversation.send(TestCall(number: 2, deadline: .at(100))))
        #expect(conversation.nextWake == .at(100))
        #expect(conversation.wake(at: 99).expired.isEmpty)
        #expect(conversation.wake(at: 100).expired.map(\.number) == [2])
        #expect(conversation.nextWake == .at(300))
        #expect(conversation.finish(quick) == nil)
        #expect(conversation.finish(slow)?.number == 1)
        #expect(conversation.nextWake == nil)
    }

    @Test func aRequestWhoseTimeIsOverIsNotSent() {
        let conversation = Conversation()
        let refusal = conversation.refusal(of: TestCall(number: 1, deadline: .at(50)), at: 50)
        #expect(refusal?.error?.code == .deadlineExceeded)
        #expect(refusal?.mayHaveBeenSent == false)
    }

    @Test func aServiceThatFallsSilentIsGivenUpEvenIfNobodyWaitsAnyMore() {
        let conversation = Conversation()
        _ = conversation.send(TestCall(number: 1), at: 100)
        _ = conversation.abandon(1)
        #expect(conversation.nextWake == .at(600))
        #expect(conversation.wake(at: 599).closing == nil)
        #expect(conversation.wake(at: 600).closing?.code == .connectionClosed)
    }

    @Test func everyByteThatArrivesIsASignOfLife() {
        let conversation = Conversation()
        _ = conversation.send(TestCall(number: 1, deadline: .at(10_000)), at: 100)
        conversation.state.receivedBytes(now: .at(550))
        #expect(conversation.wake(at: 1_049).closing == nil)
        #expect(conversation.wake(at: 1_050).closing?.code == .connectionClosed)
    }

    @Test func anIdleConnectionMayBeSilentForEver() throws {
        let conversation = Conversation()
        _ = conversation.finish(try #require(conversation.send(TestCall(number: 1), at: 100)))
        #expect(conversation.nextWake == nil)
        #expect(conversation.wake(at: 1_000_000).closing == nil)
        _ = conversation.send(TestCall(number: 2, deadline: .at(2_000_000)), at: 1_000_000)
        #expect(conversation.nextWake == .at(1_000_500))
    }

    // MARK: The end

    @Test func closingFailsWhoeverWaitsOnceAndNobodyElse() throws {
        let conversation = Conversation()
        let answered = try #require(conversation.send(TestCall(number: 1)))
        for number in 2...4 as ClosedRange<UInt64> { _ = conversation.send(TestCall(number: number)) }
        _ = conversation.finish(answered)
        _ = conversation.abandon(3)
        let ending = try #require(conversation.close())
        #expect(Set(ending.calls.map(\.number)) == [2, 4])
        #expect(Set(ending.numbers) == [2, 3, 4])
        #expect(conversation.close() == nil)
        #expect(conversation.nextWake == nil)
        #expect(conversation.refusal(of: TestCall(number: 5))?.mayHaveBeenSent == false)
        if case .nothing = conversation.receive(.ping([]), 3) {
        } else {
            Issue.record("a closed connection hears nothing")
        }
    }

    @Test func aDrainingConnectionWaitsForThoseWhoWaitAndForNobodyElse() throws {
        let conversation = Conversation()
        #expect(!conversation.isDrained)
        let first = try #require(conversation.send(TestCall(number: 1)))
        _ = conversation.send(TestCall(number: 2))
        conversation.state.drain()
        #expect(!conversation.isDrained)
        #expect(conversation.refusal(of: TestCall(number: 3))?.mayHaveBeenSent == false)
        #expect(conversation.finish(first)?.number == 1)
        #expect(!conversation.isDrained)
        #expect(conversation.abandon(2)?.number == 2)
        #expect(conversation.isDrained)
    }

    // MARK: Everything at once

    /// Random steps against a plain dictionary of who waits for what.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func everyReplyReachesItsOwnRequestWhateverHappensInBetween(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let conversation = Conversation()
        var live: [UInt64: TestCall] = [:]
        var forgotten: Set<UInt64> = []
        var now = 0
        for number in 1...400 as ClosedRange<UInt64> {
            now += Int.random(in: 0...3, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let call = TestCall(number: number, deadline: .at(now + Int.random(in: 1...60, using: &random)))
                live[try #require(conversation.send(call, at: now))] = call
            case 5, 6:
                guard let (identifier, call) = live.randomElement(using: &random) else { continue }
                #expect(conversation.finish(identifier) == call)
                live[identifier] = nil
            case 7:
                guard let identifier = forgotten.randomElement(using: &random) else { continue }
                #expect(conversation.finish(identifier) == nil)
                forgotten.remove(identifier)
            case 8:
                guard let (identifier, call) = live.randomElement(using: &random) else { continue }
                #expect(conversation.abandon(call.number) == call)
                live[identifier] = nil
                forgotten.insert(identifier)
            default:
                conversation.state.receivedBytes(now: .at(now))
                let expired = Set(conversation.wake(at: now).expired)
                let expected = live.filter { $0.value.deadline <= .at(now) }
                #expect(expired == Set(expected.values))
                for identifier in expected.keys {
                    live[identifier] = nil
                    forgotten.insert(identifier)
                }
            }
            #expect(conversation.pendingCount == live.count + forgotten.count)
        }
        #expect(Set(try #require(conversation.close()).calls) == Set(live.values))
    }
}
