import GatewayCore
import TextEmbedding

/// Embeddings that are made in this process, in OpenAI's form. The cache has no part in them: to make one takes no
/// longer than to ask for it.
struct EmbeddingsEndpoint: Sendable {
    let encoder: BuiltInEmbedder
    let policy: CachePolicy
    let counters: GatewayCounters

    /// A request on its way.
    struct Call: Sendable {
        var request: ModelRequest
        var fields: [HeaderField]
        var identifier: String
        var start: ContinuousClock.Instant
    }

    /// - Parameter onLeaving: told how to give up when the client goes away.
    /// - Throws: `invalid_request` also for a text that is longer than the encoder takes: the vector of its beginning
    ///   would be taken for that of the whole. `embedder_unavailable` when too many wait.
    func reply(to call: Call, onLeaving: (@escaping @Sendable () -> Void) -> Void) async throws -> Reply {
        let directives = try RequestDirectives(headers: call.fields, metadata: call.request.metadata)
        try directives.refuseWhatIsNotThere()
        let decision = try policy.decision(for: CachePolicy.Facts(call.request), directives)
        let request = try EmbeddingsRequest(call.request, dimension: encoder.dimension)
        var disclosure = Disclosure(.bypass, reason: .builtIn, requestIdentifier: call.identifier)
        disclosure.model = encoder.model
        counters.increment(.answers(.bypass))
        guard !decision.isOnlyIfCached else {
            throw Refusal(
                error: GatewayError(.notCached, "Embeddings of the gateway's own encoder are made, not cached."),
                disclosure: disclosure)
        }
        let tokens = try tokens(of: request)
        let encoding = Task { [encoder] in
            guard let deadline = directives.deadlineMilliseconds else { return try await Self.encode(tokens, encoder) }
            let late = GatewayError(.deadlineExceeded, "There were no embeddings within the deadline of the request.")
            return try await withDeadline(call.start + .milliseconds(deadline), or: late) {
                try await Self.encode(tokens, encoder)
            }
        }
        onLeaving { encoding.cancel() }
        let embeddings = try await withTaskCancellationHandler {
            try await encoding.value
        } onCancel: {
            encoding.cancel()
        }
        disclosure.stored = .no(.builtIn)
        let body = request.body(embeddings, tokenCount: tokens.reduce(0) { $0 + $1.identifiers.count })
        return .json(body, fields: disclosure.headerFields)
    }

    private func tokens(of request: EmbeddingsRequest) throws -> [TokenSequence] {
        try request.texts.enumerated().map { index, text in
            try Task.checkCancellation()
            let tokens = encoder.tokens(of: text)
            guard !tokens.isTruncated else {
                let parameter = request.isSingle ? "input" : "input[\(index)]"
                throw GatewayError(
                    .invalidRequest,
                    "\(parameter) has more than the \(encoder.maximumTokens) tokens that '\(encoder.model)' takes: divide it.",
                    parameter: parameter)
            }
            return tokens
        }
    }

    /// A few at a time, so that a long list lets others in between.
    private static func encode(_ texts: [TokenSequence], _ encoder: BuiltInEmbedder) async throws -> [[Float]] {
        try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            var embeddings = [[Float]](repeating: [], count: texts.count)
            for (index, text) in texts.enumerated() {
                if index >= GatewayLimits.embeddingWindowCount, let (done, embedding) = try await group.next() {
                    embeddings[done] = embedding
                }
                group.addTask { (index, try await encoder.embed(text)) }
            }
            for try await (index, embedding) in group { embeddings[index] = embedding }
            return embeddings
        }
    }
}
