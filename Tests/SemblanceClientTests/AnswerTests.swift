import CacheModel
import CacheProtocol
import SemblanceClient
import Synchronization
import Testing

/// `answer(to:in:orCompute:)`: the cache never fails the caller, and what is stored has the lease from before it was
/// computed.
@Suite(.timeLimit(.minutes(10)))
struct AnswerTests {
    private let lookup = Lookup(scope: Scope(3), key: ExactKey(4), vector: [1, 0], omitsPayload: true)

    private struct ComputeError: Error {}

    /// - Returns: the answer, and the requests that the service saw, HELLO left out.
    private func answer(
        timeout: Duration? = nil, _ reply: @escaping @Sendable (ScriptedService.Arrival) -> Void,
        orCompute compute: @escaping @Sendable () async throws -> ComputedAnswer
    ) async throws -> (answer: Answer, requests: [Request]) {
        let requests = Mutex<[Request]>([])
        let script: ScriptedService.Script = { arrival in
            if case .hello = arrival.request { return ScriptedService.greet(arrival) }
            requests.withLock { $0.append(arrival.request) }
            reply(arrival)
        }
        let answer = try await withService(script: script) { client, _ in
            try await client.answer(to: lookup, in: "n", model: "m", timeout: timeout, orCompute: compute)
        }
        return (answer, requests.withLock { $0 })
    }

    @Test func aStoredAnswerIsReturnedAndNothingIsComputed() async throws {
        let (answer, requests) = try await answer {
            $0.reply(.lookup([.hit(Array("stored".utf8))]))
        } orCompute: {
            Issue.record("computed")
            return ComputedAnswer(text: "computed")
        }
        #expect(answer.text == "stored")
        #expect(answer.contentType == "text/plain")
        guard case .stored(let hit) = answer.origin else {
            Issue.record("not from the cache")
            return
        }
        #expect(hit.entry.identifier == EntryIdentifier(5))
        var asked = lookup
        asked.omitsPayload = false
        #expect(requests == [.lookup(LookupRequest(namespace: "n", [asked]))])
    }

    @Test func aMissIsComputedAndStoredUnderTheLeaseFromBefore() async throws {
        let (answer, requests) = try await answer { arrival in
            if case .lookup = arrival.request {
                arrival.reply(.lookup([.miss]))
            } else {
                arrival.reply(.insert([.stored(EntryIdentifier(9), replaced: nil)]))
            }
        } orCompute: {
            ComputedAnswer(text: "computed", dependencies: [Dependency("kb")], tags: ["t"], costSavedNanodollars: 5)
        }
        #expect(answer.text == "computed")
        #expect(answer.origin == .computed(.success(EntryIdentifier(9))))
        let insertion = Insertion(
            scope: Scope(3), key: ExactKey(4), vector: [1, 0], text: "computed", dependencies: [Dependency("kb")],
            tags: ["t"], costSavedNanodollars: 5, lease: .sample)
        #expect(requests.last == .insert(InsertRequest(namespace: "n", model: "m", [insertion])))
        #expect(requests.count == 2)
    }

    @Test func aHitWithoutItsPayloadIsComputedLikeAMiss() async throws {
        let (answer, requests) = try await answer { arrival in
            if case .lookup = arrival.request { arrival.reply(.lookup([.hit(nil)])) } else { arrival.fail(.overloaded) }
        } orCompute: {
            ComputedAnswer(text: "computed")
        }
        #expect(answer.text == "computed")
        #expect(requests.count == 2)
    }

    @Test func aRefusedInsertDoesNotFailTheCaller() async throws {
        let (answer, _) = try await answer { arrival in
            if case .lookup = arrival.request {
                arrival.reply(.lookup([.miss]))
            } else {
                arrival.reply(.insert([.refused(CacheError(.staleDependency, "changed meanwhile"))]))
            }
        } orCompute: {
            ComputedAnswer(text: "computed")
        }
        #expect(answer.text == "computed")
        #expect(answer.origin == .computed(.failure(CacheError(.staleDependency, "changed meanwhile"))))
    }

    @Test func aFailedLookupIsComputedAndNotStoredForWantOfALease() async throws {
        let (answer, requests) = try await answer {
            $0.fail(.overloaded)
        } orCompute: {
            ComputedAnswer(text: "computed")
        }
        #expect(answer.text == "computed")
        #expect(answer.origin == .computed(.failure(CacheError(.overloaded, "scripted"))))
        #expect(requests.count == 1)
    }

    @Test func aSilentCacheCostsNoMoreThanItsTimeout() async throws {
        let (answer, _) = try await answer(timeout: .milliseconds(20)) { _ in
        } orCompute: {
            ComputedAnswer(text: "computed")
        }
        #expect(answer.text == "computed")
        guard case .computed(.failure(let error)) = answer.origin else {
            Issue.record("stored")
            return
        }
        #expect(error.code == .deadlineExceeded)
    }

    @Test func theErrorOfTheComputationIsTheCallers() async throws {
        await #expect(throws: ComputeError.self) {
            _ = try await answer {
                $0.reply(.lookup([.miss]))
            } orCompute: {
                throw ComputeError()
            }
        }
    }

    @Test func aTaskCancelledDuringTheLookupComputesNothing() async throws {
        let queue = ArrivalQueue()
        try await withService(script: queue.script) { client, _ in
            let call = Task {
                try await client.answer(to: lookup, in: "n") {
                    Issue.record("computed")
                    return ComputedAnswer(text: "computed")
                }
            }
            _ = try await queue.next()
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
    }

    @Test func aTaskCancelledWhileStoringHasItsAnswerAllTheSame() async throws {
        let queue = ArrivalQueue()
        try await withService(script: queue.script) { client, _ in
            let call = Task { try await client.answer(to: lookup, in: "n") { ComputedAnswer(text: "computed") } }
            try await queue.next().reply(.lookup([.miss]))
            _ = try await queue.next()
            call.cancel()
            let answer = try await call.value
            #expect(answer.text == "computed")
        }
    }
}
