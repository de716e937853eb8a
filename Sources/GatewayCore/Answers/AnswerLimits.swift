/// How much of answers is kept, at most.
package enum AnswerLimits {
    /// One event of a stream; a whole answer fits.
    package static let eventBytes = 32 << 20
    /// The text of an answer, or the JSON of one, that may be stored; below what the cache takes as a payload.
    package static let answerBytes = 8 << 20
    /// Chunks whose boundaries are remembered; text that comes after is replayed as one.
    package static let chunkCount = 1 << 18
    /// Blocks of thoughts before an answer.
    package static let prefaceCount = 64
    /// Tool calls whose names are remembered.
    package static let toolCallCount = 128
    /// An identifier, a model's name or a reason, as the upstream says it.
    package static let nameBytes = 1 << 10
    /// Tokens of one kind in one answer; what claims to be more is not believed.
    package static let tokenCount = 1 << 40
}
