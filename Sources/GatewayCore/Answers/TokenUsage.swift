/// Tokens that one answer took.
package struct TokenUsage: Hashable, Sendable {
    /// All of the prompt, whether cached by the provider or not.
    package var inputTokens = 0
    /// Of those, the ones that the provider had in its own prompt cache.
    package var cachedInputTokens = 0
    /// Of those, the ones that the provider put into its prompt cache.
    package var cacheWriteInputTokens = 0
    package var outputTokens = 0
    /// Of those, the ones that were thought and not said.
    package var reasoningTokens = 0

    package init() {}

    package init(inputTokens: Int, outputTokens: Int) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }

    package var totalTokens: Int { inputTokens + outputTokens }

    /// Reads the `usage` of an API's answer; nil when there is none.
    init?(_ api: ModelAPI, _ usage: JSONView?) {
        guard let usage, usage.kind == .object else { return nil }
        switch api {
        case .chatCompletions, .embeddings:
            inputTokens = usage.tokens("prompt_tokens")
            outputTokens = usage.tokens("completion_tokens")
            cachedInputTokens = usage["prompt_tokens_details"]?.tokens("cached_tokens") ?? 0
            cacheWriteInputTokens = usage["prompt_tokens_details"]?.tokens("cache_write_tokens") ?? 0
            reasoningTokens = usage["completion_tokens_details"]?.tokens("reasoning_tokens") ?? 0
        case .responses:
            inputTokens = usage.tokens("input_tokens")
            outputTokens = usage.tokens("output_tokens")
            cachedInputTokens = usage["input_tokens_details"]?.tokens("cached_tokens") ?? 0
            cacheWriteInputTokens = usage["input_tokens_details"]?.tokens("cache_write_tokens") ?? 0
            reasoningTokens = usage["output_tokens_details"]?.tokens("reasoning_tokens") ?? 0
        case .messages:
            update(fromMessages: usage)
        }
    }

    /// Takes what a `message_start` or `message_delta` says: running totals, the later ones in place of the earlier.
    ///
    /// There `input_tokens` are those that no prompt cache had a part in.
    mutating func update(fromMessages usage: JSONView) {
        var uncached = inputTokens - cachedInputTokens - cacheWriteInputTokens
        if usage.present("input_tokens") != nil { uncached = usage.tokens("input_tokens") }
        if usage.present("cache_read_input_tokens") != nil {
            cachedInputTokens = usage.tokens("cache_read_input_tokens")
        }
        if usage.present("cache_creation_input_tokens") != nil {
            cacheWriteInputTokens = usage.tokens("cache_creation_input_tokens")
        }
        inputTokens = uncached + cachedInputTokens + cacheWriteInputTokens
        if usage.present("output_tokens") != nil { outputTokens = usage.tokens("output_tokens") }
        if let details = usage.present("output_tokens_details") { reasoningTokens = details.tokens("thinking_tokens") }
    }
}

extension JSONView {
    /// A count of tokens; 0 for what is none.
    fileprivate func tokens(_ name: String) -> Int {
        guard let count = self[name]?.integerValue, (0...AnswerLimits.tokenCount).contains(count) else { return 0 }
        return count
    }
}
