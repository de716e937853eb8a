import Testing

@testable import TextEmbedding

@Suite struct EncodingBacklogTests {
    private typealias Backlog = EncodingBacklog<Int>

    private func request(_ number: Int, tokens: Int) -> Backlog.Request {
        Backlog.Request(
            number: UInt64(number), text: TokenSequence(identifiers: Array(repeating: 5, count: tokens)), reply: number)
    }

    @Test func whatWaitsIsOneBatchUpToItsTokensInOrder() {
        var backlog = Backlog(limits: .init(texts: 10, tokens: 1_000, batchTokens: 20))
        for number in 0..<5 { #expect(backlog.add(request(number, tokens: 8)) == nil) }
        #expect(backlog.waitingTokens == 40)
        #expect(backlog.takeBatch().map(\.reply) == [0, 1])
        #expect(backlog.takeBatch().map(\.reply) == [2, 3])
        #expect(backlog.takeBatch().map(\.reply) == [4])
        #expect(backlog.takeBatch().isEmpty)
        #expect(backlog.waitingTokens == 0)
    }

    @Test func aTextLongerThanABatchIsOneByItself() {
        var backlog = Backlog(limits: .init(texts: 10, tokens: 1_000, batchTokens: 20))
        for (number, tokens) in [30, 4, 25].enumerated() {
            #expect(backlog.add(request(number, tokens: tokens)) == nil)
        }
        #expect(backlog.takeBatch().map(\.reply) == [0])
        #expect(backlog.takeBatch().map(\.reply) == [1])
        #expect(backlog.takeBatch().map(\.reply) == [2])
    }

    @Test func beyondTextsOrTokensItRefuses() {
        var backlog = Backlog(limits: .init(texts: 2, tokens: 10, batchTokens: 20))
        #expect(backlog.add(request(0, tokens: 30)) == nil, "alone, however long")
        #expect(backlog.add(request(1, tokens: 1)) == .overloaded)
        #expect(backlog.takeBatch().count == 1)
        #expect(backlog.add(request(2, tokens: 5)) == nil)
        #expect(backlog.add(request(3, tokens: 6)) == .overloaded)
        #expect(backlog.add(request(4, tokens: 5)) == nil)
        #expect(backlog.add(request(5, tokens: 0)) == .overloaded)
        #expect(backlog.waitingTexts == 2 && backlog.waitingTokens == 10)
    }

    @Test func aRequestIsTakenBackOnce() {
        var backlog = Backlog(limits: .init())
        for number in 0..<3 { #expect(backlog.add(request(number, tokens: 4)) == nil) }
        #expect(backlog.remove(number: 1)?.reply == 1)
        #expect(backlog.remove(number: 1) == nil)
        #expect(backlog.waitingTokens == 8)
        #expect(backlog.takeBatch().map(\.reply) == [0, 2])
        #expect(backlog.remove(number: 0) == nil)
    }

    @Test func closingHandsBackWhatWaitsAndRefusesWhatComes() {
        var backlog = Backlog(limits: .init())
        #expect(backlog.add(request(0, tokens: 4)) == nil)
        #expect(backlog.close().map(\.reply) == [0])
        #expect(backlog.add(request(1, tokens: 4)) == .closed)
        #expect(backlog.close().isEmpty)
        #expect(backlog.takeBatch().isEmpty && backlog.waitingTokens == 0)
    }

    @Test func aBatchFitsIntoWhatMayWaitAndIntoOnePass() {
        #expect(EncoderLimits.batchTokens <= EncoderLimits.waitingTokens)
        #expect(EncoderLimits.batchTokens <= EncoderLimits.passTokens)
        #expect(EncoderLimits.defaultTokens <= EncoderLimits.passTokens)
        #expect(EncoderLimits.positionRange.contains(EncoderLimits.defaultTokens))
    }
}
