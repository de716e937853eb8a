import CacheEngine
import CacheModel
import CacheProtocol
import CacheServer
import Testing

@Suite struct ReplyAssemblyTests {
    private static let wrong = CacheError(.invalidArgument, "out of range")

    private func invalidVector(_ row: Int) -> CacheError {
        CacheError(.invalidVector, "NaN", detail: ["row": String(row)])
    }

    @Test func aBatchWithoutRefusalsIsPassedOn() {
        let (items, refusals) = BatchRefusals.part([Result<Int, CacheError>.success(1), .success(2)])
        #expect(items == [1, 2])
        #expect(refusals == nil)
    }

    /// Every way to refuse some of six items.
    @Test(arguments: 1..<64)
    func refusalsGoBackToTheirIndexesAndRowsCountAsTheClientDoes(_ mask: Int) throws {
        let batch = (0..<6).map { mask >> $0 & 1 == 1 ? Result<Int, CacheError>.failure(Self.wrong) : .success($0) }
        let (items, refusals) = BatchRefusals.part(batch)
        let assembly = ReplyAssembly(opcode: .insert, refusals: refusals)
        // The engine refuses every item, by its own count.
        let reply = assembly.reply(to: .inserted(items.indices.map { .refused(invalidVector($0)) }))
        let expected = (0..<6).map { index in
            InsertOutcome.refused(mask >> index & 1 == 1 ? Self.wrong : invalidVector(index))
        }
        #expect(reply == .insert(expected))
    }

    @Test func lookupsAreMergedWithTheLeaseOfTheAnsweredOnes() {
        let (_, refusals) = BatchRefusals.part([Result<Int, CacheError>.failure(Self.wrong), .success(1), .success(2)])
        let assembly = ReplyAssembly(opcode: .lookup, refusals: refusals)
        var refused = LookupReply.miss
        refused.outcome = .refused(invalidVector(1))
        guard case .lookup(let replies) = assembly.reply(to: ReadReply.lookup([.miss, refused])) else {
            Issue.record("no lookup replies")
            return
        }
        #expect(replies.map(\.outcome) == [.refused(Self.wrong), LookupReply.miss.outcome, .refused(invalidVector(2))])
        #expect(replies[0].lease == .sample)
    }

    @Test func invalidationsAreMerged() {
        let (_, refusals) = BatchRefusals.part([Result<Int, CacheError>.success(1), .failure(Self.wrong)])
        let receipt = InvalidationReceipt(
            changed: true, position: .zero, state: SourceState(version: .unnamed, lastSequence: 1))
        let reply = ReplyAssembly(opcode: .invalidate, refusals: refusals).reply(to: .invalidated([.success(receipt)]))
        #expect(reply == .invalidate([.success(receipt), .failure(Self.wrong)]))
    }

    @Test func anAnswerThatDoesNotFitTheRequestIsAnInternalError() {
        let assembly = ReplyAssembly(opcode: .insert)
        #expect(assembly.reply(to: .deleted([true])).error?.code == .internalError)
        #expect(assembly.reply(to: ReadReply.lookup([.miss])).error?.code == .internalError)
        #expect(ReplyAssembly(opcode: .lookup).reply(to: ReadReply.lookup([])).error?.code == .internalError)
        let (_, refusals) = BatchRefusals.part([Result<Int, CacheError>.success(1), .failure(Self.wrong)])
        let short = ReplyAssembly(opcode: .insert, refusals: refusals).reply(to: .inserted([]))
        #expect(short.error?.code == .internalError)
    }

    @Test func aBatchOfRefusalsOnlyNeverReachesTheEngine() {
        let executor = FakeExecutor()
        let failures = LookupRequest(namespace: "n", lookups: [.failure(Self.wrong)])
        guard
            case .answer(.lookup(let replies)) = RequestPlan(.lookup(failures), executor: executor, statistics: { "" })
        else {
            Issue.record("it reaches the engine")
            return
        }
        #expect(replies.map(\.outcome) == [.refused(Self.wrong)])
        #expect(replies.map(\.lease) == [.sample])
        let insertions = InsertRequest(namespace: "n", insertions: [.failure(Self.wrong)])
        guard case .answer(let reply) = RequestPlan(.insert(insertions), executor: executor, statistics: { "" }) else {
            Issue.record("it reaches the engine")
            return
        }
        #expect(reply == .insert([.refused(Self.wrong)]))
    }
}
