/// Every limit of the gateway that is not JSON's (`JSONLimits`) or an answer's (`AnswerLimits`), in one place.
/// `GatewayLimitsTests` asserts how they relate, to each other and to those of the cache.
package enum GatewayLimits {
    // MARK: What a client asks for

    /// The value of one header of ours, or of all lines of it together; a value in `metadata` as well.
    package static let directiveBytes = 32 << 10
    /// Dependencies of one request, as many as an entry may have.
    package static let dependencyCount = 64
    /// Tags of one request, as many as an entry may have.
    package static let tagCount = 16
    /// Who asks, in bytes.
    package static let userBytes = 256
    /// The name of a use case, an upstream or a mapping.
    package static let nameBytes = 64
    /// The name of a model, as a client or an upstream says it.
    package static let modelBytes = 256

    // MARK: What is told

    package static let errorMessageBytes = 2 << 10
    package static let errorParameterBytes = 256
    /// One value of a response's header.
    package static let disclosedBytes = 512

    // MARK: Requests and upstreams

    /// A request's body, unless configured; never more than `JSONLimits.request.bytes`.
    package static let requestBytes = 16 << 20
    /// What is left of a body that is refused is read and thrown away up to so many bytes.
    package static let drainedBytes = 64 << 20
    /// Requests being answered at once, unless configured.
    package static let requestCount = 1_024
    package static let largestRequestCount = 100_000
    /// How long an upstream may take for a whole answer, unless configured.
    package static let upstreamTimeoutMilliseconds: Int64 = 600_000
    /// How long the cache may take before the gateway goes on without it, unless configured.
    package static let cacheTimeoutMilliseconds: Int64 = 250
    /// How long the encoder may take before the gateway goes on without it, unless configured.
    package static let encoderTimeoutMilliseconds: Int64 = 2_000
    /// The longest that any time limit may be set to.
    package static let longestTimeoutMilliseconds: Int64 = 3_600_000
    /// Routes, upstreams, use cases or mappings of one configuration.
    package static let configuredCount = 10_000

    // MARK: Embeddings that are made here

    /// Texts of one request for embeddings, as many as OpenAI takes.
    package static let embeddingCount = 2_048
    /// Texts of one request that wait for the encoder together: as many as fill a batch of it, so that a long list
    /// leaves room for the questions of others.
    package static let embeddingWindowCount = 32

    // MARK: Requests that wait for each other

    /// Upstream calls that others may join.
    package static let flightCount = 16_384
    /// How long a request waits for the answer to a question that is nearly its own, before it calls the upstream.
    package static let nearAnswerMilliseconds: Int64 = 10_000
    /// Requests that wait for one upstream call.
    package static let followerCount = 1_024

    // MARK: Webhooks

    /// A webhook's body.
    package static let webhookBytes = 4 << 20
    /// Invalidations of one webhook; the cache takes them in batches.
    package static let invalidationCount = 10_000
    package static let webhookIdentifierBytes = 256
    /// Signatures in one header: two secrets in rotation need two.
    package static let signatureCount = 16
    /// Secrets that are valid at once, so that one can take the place of another.
    package static let secretCount = 2
    /// How far a webhook's timestamp may be from now, either way.
    package static let webhookToleranceSeconds: Int64 = 300
    /// How long the identifier of a webhook is remembered. Longer than its timestamp is accepted, on both sides of now.
    package static let replayWindowSeconds: Int64 = 900
    /// Identifiers that are remembered.
    package static let replayWindowCount = 100_000

    // MARK: Configuration

    /// Problems of a configuration that are told at once.
    package static let problemCount = 50
    /// A template of a webhook mapping.
    package static let templateBytes = 1 << 10
}
