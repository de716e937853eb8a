/// An answer as it lies in the cache: what a replay needs, whether the next one asks for a stream or not.
package struct StoredAnswer: Sendable {
    package let api: ModelAPI
    /// As the upstream named them; empty where it did not.
    package let identifier: String
    package let model: String
    package let finishReason: String
    /// Seconds since 1970: when the model made it.
    package let createdSeconds: Int64
    package let usage: TokenUsage?
    /// UTF-8.
    package let text: [UInt8]
    /// What was thought aloud before it, as `RecordedAnswer.preface` has it.
    package let preface: [[UInt8]]
    /// Where in `text` each chunk of the original stream ended, the last at its end; none if it came whole.
    package let chunkEnds: [Int]
    /// The upstream's own JSON, where it sent the answer as one.
    package let body: JSONDocument?

    /// What the cache is told about the payload.
    package static let contentType = "application/vnd.semblance.answer"

    /// - Parameters:
    ///   - nowSeconds: since 1970; for APIs that do not say when an answer was made.
    ///   - limitBytes: of text and JSON together.
    /// - Throws: why it must not be stored.
    package init(
        _ answer: RecordedAnswer, nowSeconds: Int64, limitBytes: Int = AnswerLimits.answerBytes
    ) throws(AnswerExclusion) {
        if let exclusion = answer.exclusion(limitBytes: limitBytes) { throw exclusion }
        var answer = answer
        answer.body = answer.body.map(EchoedMembers.removed(from:))
        self.init(unchecked: answer, nowSeconds: nowSeconds)
    }

    /// For an answer that has been checked already.
    init(unchecked answer: RecordedAnswer, nowSeconds: Int64) {
        api = answer.api
        identifier = answer.identifier ?? ""
        model = answer.model ?? ""
        finishReason = answer.finishReason ?? ""
        createdSeconds = max(answer.createdSeconds ?? nowSeconds, 0)
        usage = answer.usage
        text = answer.text
        preface = answer.preface
        chunkEnds = answer.chunkEnds
        body = answer.body
    }

    init(
        api: ModelAPI, identifier: String, model: String, finishReason: String, createdSeconds: Int64,
        usage: TokenUsage?, text: [UInt8], preface: [[UInt8]] = [], chunkEnds: [Int]
    ) {
        self.api = api
        self.identifier = identifier
        self.model = model
        self.finishReason = finishReason
        self.createdSeconds = createdSeconds
        self.usage = usage
        self.text = text
        self.preface = preface
        self.chunkEnds = chunkEnds
        body = nil
    }
}
