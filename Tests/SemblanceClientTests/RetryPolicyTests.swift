import CacheModel
import CacheProtocol
import NIOCore
import Testing

@testable import SemblanceClient

struct RetryPolicyTests {
    private func delay(
        _ code: CacheError.Code, retryAfter: String? = nil, attempt: Int = 1, isRepeatable: Bool = true,
        isReply: Bool = false, mayHaveBeenSent: Bool = true, retriesOverloaded: Bool = false,
        remaining: TimeAmount = .seconds(10)
    ) -> TimeAmount? {
        let policy = RetryPolicy(
            attemptLimit: 3, waitLimit: .milliseconds(250), retriesOverloaded: retriesOverloaded)
        let error = CacheError(code, "", detail: retryAfter.map { ["retry-after-ms": $0] } ?? [:])
        return policy.delay(
            after: error, attempt: attempt, isRepeatable: isRepeatable, isReply: isReply,
            mayHaveBeenSent: mayHaveBeenSent, remaining: remaining)
    }

    @Test func aLostConnectionIsReasonToRepeatWhatMayBeRepeated() {
        #expect(delay(.connectionClosed) == .zero)
        #expect(delay(.connectionClosed, isRepeatable: false) == nil)
        #expect(delay(.connectionClosed, isRepeatable: false, mayHaveBeenSent: false) == .zero)
        #expect(delay(.connectionFailed, isRepeatable: false, mayHaveBeenSent: false) == .zero)
    }

    @Test func attemptsAreBounded() {
        #expect(delay(.connectionClosed, attempt: 2) == .zero)
        #expect(delay(.connectionClosed, attempt: 3) == nil)
    }

    @Test func theWaitIsWhatTheErrorSaysUnlessThatIsTooLong() {
        #expect(delay(.connectionFailed, retryAfter: "250") == .milliseconds(250))
        #expect(delay(.connectionFailed, retryAfter: "251") == nil)
        #expect(delay(.connectionFailed, retryAfter: "200", remaining: .milliseconds(200)) == nil)
        #expect(delay(.connectionFailed, retryAfter: "9223372036854775807") == nil)
        #expect(delay(.connectionFailed, retryAfter: "-5") == .zero)
        #expect(delay(.connectionFailed, retryAfter: "soon") == .zero)
    }

    @Test func overloadedIsRepeatedOnlyWhereThatIsWantedAndHarmless() {
        #expect(delay(.overloaded, retryAfter: "5", isReply: true) == nil)
        #expect(delay(.overloaded, retryAfter: "5", isReply: true, retriesOverloaded: true) == .milliseconds(5))
        #expect(delay(.overloaded, isReply: true, retriesOverloaded: true) == RetryPolicy.defaultWait)
        #expect(delay(.overloaded, isRepeatable: false, isReply: true, retriesOverloaded: true) == nil)
        #expect(delay(.overloaded, mayHaveBeenSent: false, retriesOverloaded: true) == nil, "this client's own line")
    }

    @Test func aServiceThatShutsDownIsAskedAgainOnANewConnection() {
        #expect(delay(.shuttingDown, isReply: true) == RetryPolicy.defaultWait)
        #expect(delay(.shuttingDown, isRepeatable: false, isReply: true) == nil)
    }

    @Test func anythingElseIsFinal() {
        let temporary: Set<CacheError.Code> = [.overloaded, .shuttingDown]
        for code in CacheError.Code.allCases where !temporary.contains(code) {
            #expect(delay(code, isReply: true, retriesOverloaded: true) == nil)
        }
        let lost: Set<CacheError.Code> = [.connectionFailed, .connectionClosed]
        for code in CacheError.Code.allCases where !lost.contains(code) { #expect(delay(code) == nil) }
    }

    @Test func onlyWhatChangesNothingTwiceIsRepeatable() {
        func news(_ changes: Invalidation.Change...) -> Request {
            .invalidate(InvalidateRequest(namespace: "n", changes.map { Invalidation(source: "s", change: $0) }))
        }
        let repeatable: [Request] = [
            .ping([]), .statistics, .listNamespaces, .lookup(LookupRequest(namespace: "n", [])),
            .get(GetRequest(namespace: "n", entry: EntryIdentifier(1))), .lease(LeaseRequest(namespace: "n")),
            .createNamespace(CreateNamespaceRequest(name: "n", settings: NamespaceSettings())),
            news(.version(1)), news(.label("a"), .version(2)),
        ]
        let single: [Request] = [
            .insert(InsertRequest(namespace: "n", [])), .dropNamespace("n"), .liftFence,
            .delete(DeleteRequest(namespace: "n", entries: [])), .purge(PurgeRequest(namespace: "n", .tag("t"))),
            news(.bump), news(.reset(version: 1)), news(.version(1), .bump),
        ]
        for request in repeatable { #expect(request.isRepeatable, "\(request.opcode)") }
        for request in single { #expect(!request.isRepeatable, "\(request.opcode)") }
    }
}
