import CacheModel
import GatewayCore
import Testing

/// How the limits of answers relate, to each other and to those of the cache.
@Suite struct AnswerLimitsTests {
    @Test func theLargestAnswerFitsIntoAPayloadOfTheCache() {
        // A length takes four bytes at most, as no chunk is longer than an answer.
        let chunkBytes = 4 * AnswerLimits.chunkCount
        let nameBytes = 3 * AnswerLimits.nameBytes
        #expect(AnswerLimits.answerBytes < 1 << 28)
        #expect(AnswerLimits.answerBytes + chunkBytes + nameBytes + 1_024 <= Limits.payloadBytes)
    }

    @Test func anAnswerThatMayBeStoredIsReadWholeHoweverItComes() {
        // As JSON a text is up to six times as long, but only if it is all control characters.
        #expect(3 * AnswerLimits.answerBytes <= AnswerLimits.eventBytes)
        #expect(AnswerLimits.eventBytes <= JSONLimits.answer.bytes)
    }

    @Test func countsOfTokensAddUpWithoutOverflow() {
        #expect(!AnswerLimits.tokenCount.multipliedReportingOverflow(by: 8).overflow)
    }

    @Test func whatIsOutOfRangeIsMovedIntoIt() {
        let limits = JSONLimits(bytes: .max, depth: .max, values: .max)
        #expect(limits == JSONLimits(bytes: Int(UInt32.max), depth: JSONLimits.deepest, values: Int(UInt32.max)))
        #expect(JSONLimits(bytes: -1, depth: -1, values: -1) == JSONLimits(bytes: 0, depth: 1, values: 1))
    }
}
