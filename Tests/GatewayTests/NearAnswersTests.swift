import CacheModel
import GatewayCore
import SemblanceClient
import Synchronization
import Testing

@testable import Gateway

/// Questions that are nearly the same at the same time.
@Suite struct NearAnswersTests {
    private static func with(
        answer: @escaping @Sendable (_ number: Int) -> String = { UpstreamAnswers.body(.chatCompletions, "Answer \($0).") },
        gate: Gate, _ body: (RunningGateway, CountingEmbedder) async throws -> Void
    ) async throws {
        let embedder = CountingEmbedder()
        try await RunningGateway.with(
            options: SemanticHitTests.options, embedder: embedder,
            script: { _, number in (number == 1 ? [.wait(gate)] : []) + UpstreamAnswers.json(answer(number)) },
            { try await body($0, embedder) })
    }

    private static func ask(
        _ gateway: RunningGateway, _ question: String, _ headers: [(String, String)] = [], isStream: Bool = false
    ) async throws -> RunningGateway.Answer {
        try await gateway.post(
            .chatCompletions, UpstreamAnswers.request(.chatCompletions, question, isStream: isStream), headers)
    }

    /// Asks one question, then many that are nearly the same, and opens the gate when all of them have been embedded.
    private static func crowd(
        _ gateway: RunningGateway, _ embedder: CountingEmbedder, _ gate: Gate
    ) async throws -> [RunningGateway.Answer] {
        let count = 40
        return try await withThrowingTaskGroup(of: RunningGateway.Answer?.self) { group in
            group.addTask { try await ask(gateway, "refund policy please") }
            await gateway.upstream.arrivals(1)
            for number in 1...count {
                let question = "refund policy please" + String(repeating: "!", count: number)
                group.addTask { try await ask(gateway, question, isStream: number.isMultiple(of: 2)) }
            }
            group.addTask {
                while embedder.count < count + 1 { await Task.yield() }
                gate.open()
                return nil
            }
            return try await group.reduce(into: []) { answers, answer in answer.map { answers.append($0) } }
        }
    }

    @Test func manyThatAskNearlyTheSameMakeOneUpstreamCall() async throws {
        let gate = Gate()
        try await Self.with(gate: gate) { gateway, embedder in
            let answers = try await Self.crowd(gateway, embedder, gate)
            #expect(answers.count == 41 && answers.allSatisfy { $0.text.contains("Answer") && $0.text.contains("1.") })
            #expect(answers.filter { $0.cache == "semantic-hit" }.count == 40)
            #expect(gateway.upstream.count == 1)
        }
    }

    @Test func whoseAnswerIsNotStoredHasTheOthersAskThemselves() async throws {
        let gate = Gate()
        let cut: @Sendable (Int) -> String = { number in
            UpstreamAnswers.body(.chatCompletions, "Answer \(number).")
                .replacing(#""finish_reason":"stop""#, with: #""finish_reason":"length""#)
        }
        try await Self.with(answer: cut, gate: gate) { gateway, embedder in
            let answers = try await Self.crowd(gateway, embedder, gate)
            #expect(answers.count == 41 && answers.allSatisfy { $0.cache == "miss" })
            #expect(gateway.upstream.count == 41)
        }
    }

    @Test func aQuestionThatAGuardTellsApartWaitsForNobody() async throws {
        let gate = Gate()
        try await Self.with(gate: gate) { gateway, _ in
            async let first = Self.ask(gateway, "where is order 48213")
            await gateway.upstream.arrivals(1)
            let second = try await Self.ask(gateway, "where is order 48231")
            #expect(second.text.contains("Answer 2."))
            gate.open()
            let told = try await first
            #expect(told.text.contains("Answer 1."))
        }
    }

    @Test func nobodyWaitsForAnAnswerFromBeforeAnInvalidation() async throws {
        let gate = Gate()
        try await Self.with(gate: gate) { gateway, _ in
            let data = [("x-semblance-depends-on", "kb/refunds@2")]
            async let first = Self.ask(gateway, "refund policy please", data)
            await gateway.upstream.arrivals(1)
            let cache = try #require(gateway.cache)
            try await cache.invalidate(.init(source: "kb/refunds", change: .version(2)), in: "default")
            let second = try await Self.ask(gateway, "refund policy please!", data)
            #expect(second.cache == "miss" && second.text.contains("Answer 2."))
            gate.open()
            _ = try await first
        }
    }

    @Test func nobodyWaitsForAnAnswerThatRestsOnLess() async throws {
        let gate = Gate()
        try await Self.with(gate: gate) { gateway, _ in
            async let first = Self.ask(gateway, "refund policy please")
            await gateway.upstream.arrivals(1)
            let second = try await Self.ask(
                gateway, "refund policy please!", [("x-semblance-depends-on", "kb/refunds@2")])
            #expect(second.cache == "miss" && second.text.contains("Answer 2."))
            gate.open()
            _ = try await first
        }
    }

    @Test func whoGoesAwayWhileItWaitsCallsNobody() async throws {
        let gate = Gate()
        try await Self.with(gate: gate) { gateway, embedder in
            async let first = Self.ask(gateway, "refund policy please")
            await gateway.upstream.arrivals(1)
            let waiting = Task { try await Self.ask(gateway, "refund policy please!") }
            while embedder.count < 2 { await Task.yield() }
            waiting.cancel()
            _ = await waiting.result
            gate.open()
            let told = try await first
            let later = try await Self.ask(gateway, "refund policy please!!")
            #expect(told.status == 200 && later.cache == "semantic-hit")
            #expect(gateway.upstream.count == 1)
        }
    }

    // MARK: The board

    private static func question(_ key: UInt128, _ vector: [Float] = [1, 0], scope: UInt128 = 1) -> QuestionBoard.Question {
        QuestionBoard.Question(
            namespace: Name("n"), scope: Scope(scope), key: ExactKey(key), text: "question \(key)", vector: vector,
            dependencies: [],
            freshness: .init(position: Position(incarnation: 1, sequence: 1), sourceSequences: [], hasTags: false),
            isStored: true)
    }

    private static func isFirst(_ admission: QuestionBoard.Admission) -> Bool {
        if case .first = admission { true } else { false }
    }

    private static func waits(_ admission: QuestionBoard.Admission) -> QuestionBoard.Settlement? {
        if case .waits(let settlement) = admission { settlement } else { nil }
    }

    @Test func aTicketThatIsDroppedIsSettled() async throws {
        let board = QuestionBoard()
        var admission: QuestionBoard.Admission? = board.enter(Self.question(1), similarity: 0.9) { _, _ in true }
        #expect(Self.isFirst(try #require(admission)) && board.count == 1)
        let next = board.enter(Self.question(2), similarity: 0.9) { text, similarity in
            text == "question 1" && similarity == 1
        }
        let settlement = try #require(Self.waits(next))
        admission = nil
        await settlement.wait()
        #expect(board.count == 0)
        #expect(Self.isFirst(board.enter(Self.question(2), similarity: 0.9) { _, _ in true }))
    }

    @Test func onlyNearQuestionsOfOneScopeThatAreAcceptedAreWaitedFor() {
        let board = QuestionBoard()
        let first = board.enter(Self.question(1), similarity: 0.9) { _, _ in true }
        #expect(Self.isFirst(first))
        for (question, accepts) in [
            // The very same joins a flight instead; the others are far away, elsewhere, or something else.
            (Self.question(1), true), (Self.question(2, [0, 1]), true), (Self.question(2, [1, 0, 0]), true),
            (Self.question(2, [0, 0]), true), (Self.question(2, scope: 2), true), (Self.question(2), false),
        ] {
            #expect(Self.waits(board.enter(question, similarity: 0.9) { _, _ in accepts }) == nil)
        }
        #expect(Self.waits(board.enter(Self.question(2), similarity: 0.9) { _, _ in true }) != nil)
        withExtendedLifetime(first) {}
    }

    @Test func aScopeHasALimit() {
        let board = QuestionBoard()
        let admissions = (0...QuestionBoard.scopeCount).map { number in
            board.enter(Self.question(UInt128(number)), similarity: 0.9) { _, _ in false }
        }
        #expect(admissions.filter(Self.isFirst).count == QuestionBoard.scopeCount && board.count == QuestionBoard.scopeCount)
    }
}

/// One component for each word that it knows, whatever stands behind it; numbers are not words.
private final class CountingEmbedder: PromptEmbedder {
    let model = "words"
    private let texts = Mutex(0)

    var count: Int { texts.withLock(\.self) }

    private static let words = ["refund", "policy", "please", "where", "is", "order"]

    func embed(_ texts: [String]) async throws -> [[Float]] {
        self.texts.withLock { $0 += texts.count }
        return texts.map { text in
            let said = text.split { !$0.isLetter }.map(String.init)
            return Self.words.map { said.contains($0) ? 1 : 0 }
        }
    }
}
