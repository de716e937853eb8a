/// Why an answer is not stored. The raw values are what a header says, and stable.
package enum AnswerExclusion: String, Error, Hashable, Sendable, CaseIterable {
    /// The upstream answered with an error, in the status or in the middle of a stream.
    case error
    /// The stream ended before its end, or was cancelled.
    case truncated
    /// It is not what this API answers with.
    case malformed
    case severalChoices = "several-choices"
    case toolCalls = "tool-calls"
    case refusal
    /// It stopped for another reason than that everything was said.
    case finishReason = "finish-reason"
    /// There is something in it besides text that a replay would lose.
    case otherContent = "other-content"
    case empty
    case tooLarge = "too-large"
}

extension RecordedAnswer {
    /// Why the answer must not be stored; nil when it may be.
    ///
    /// - Parameter limitBytes: of its text and its JSON together.
    package func exclusion(limitBytes: Int = AnswerLimits.answerBytes) -> AnswerExclusion? {
        switch ending {
        case .failed: return .error
        case .open: return .truncated
        case .malformed: return .malformed
        case .complete: break
        }
        if choiceCount > 1 { return .severalChoices }
        if !toolCalls.isEmpty { return .toolCalls }
        if isRefusal { return .refusal }
        if finishReason != api.ordinaryFinishReason { return .finishReason }
        if hasOtherContent { return .otherContent }
        if api != .embeddings, text.isEmpty { return .empty }
        let bytes = text.count + preface.reduce(0) { $0 + $1.count } + (body?.bytes.count ?? 0)
        if isCut || bytes > limitBytes { return .tooLarge }
        return nil
    }
}

extension ModelAPI {
    /// How an answer ends that has said everything; nil where that is not told.
    package var ordinaryFinishReason: String? {
        switch self {
        case .chatCompletions: "stop"
        case .responses: "completed"
        case .messages: "end_turn"
        case .embeddings: nil
        }
    }
}
