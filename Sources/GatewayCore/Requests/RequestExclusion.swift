/// Why the answer to a request is neither looked up nor stored: it would not be the same thing a second time.
///
/// The raw values are what a header says, and stable.
package enum RequestExclusion: String, Hashable, Sendable, CaseIterable {
    /// `n` is not 1: several answers at once.
    case severalChoices = "several-choices"
    /// Log probabilities are asked for, which are not kept.
    case logprobs
    /// `store: true`: the client means to ask the provider for this very answer later.
    case retained = "store"
    /// It goes on from what the provider remembers: `previous_response_id`, `conversation`, an item reference.
    case continuesStoredState = "stored-state"
    /// The answer is fetched later.
    case background
    /// The provider itself runs tools (web search, files, code, MCP): the answer rests on data that nobody announces.
    case hostedTool = "hosted-tool"
    /// Audio is to come back.
    case otherModality = "modality"
    /// A template kept by the provider, without its version, which may change at any time.
    case unversionedTemplate = "unversioned-template"
}

/// Why a request is compared letter for letter only.
package enum ExactOnlyReason: String, Hashable, Sendable, CaseIterable {
    /// The last message is not the user's: results of tools, or an answer that has been begun.
    case lastMessageIsNotTheUsers = "last-message"
    /// The last message has pictures, sound, files or something unknown in it.
    case notOnlyText = "not-only-text"
    /// There is no text to compare.
    case noText = "no-text"
    /// Embeddings are of these letters and no others.
    case embeddings
}
