/// A request to a model, of whichever API, as the rest of the gateway needs to know it.
///
/// Only what is read here is checked; everything else is the upstream's to judge, and passes through as it came.
package struct ModelRequest: Sendable {
    package let api: ModelAPI
    package let document: JSONDocument
    package let model: String
    /// Whether the answer is to come as a stream.
    package let isStream: Bool
    /// Whether the client has asked for the usage at the end of a stream. Where streams always say it, true.
    package let wantsStreamUsage: Bool
    /// Who asks, by the request's own word: `safety_identifier`, `user` or `metadata.user_id`.
    package let user: String?
    /// Only values that are strings.
    package let metadata: [String: String]
    /// Tools that the model may call.
    package let toolCount: Int
    /// How many answers at once.
    package let choiceCount: Int
    package let temperature: Double?
    package let seed: Int?
    /// The most tokens that the answer may have, if the request says so.
    package let maximumOutputTokens: Int?
    /// Why its answer is not cached at all; nil when it may be.
    package let exclusion: RequestExclusion?
    /// Whether the provider keeps the answer under its identifier, so that the client may go on from it. A hit then
    /// has to come with the identifier that the provider knows.
    package let isRetainedUpstream: Bool

    let message: UserMessage
    /// Values of members that make no difference to the answer.
    let omissions: Set<Int>

    /// How it is compared with earlier requests.
    package enum Comparison: Hashable, Sendable {
        /// By the meaning of this text, in a scope of everything else.
        case meaning(String)
        case exact(ExactOnlyReason)
    }

    package var comparison: Comparison {
        message.exactOnly.map(Comparison.exact) ?? .meaning(message.text)
    }

    /// - Throws: `invalid_json`, `request_too_large`, or `invalid_request` with the parameter that is meant.
    package init(_ api: ModelAPI, body: [UInt8], limits: JSONLimits = .request) throws(GatewayError) {
        do throws(JSONError) {
            document = try JSONDocument(body, limits: limits)
        } catch {
            throw GatewayError(error)
        }
        let root = try document.root.object()
        let facts =
            switch api {
            case .chatCompletions: try RequestFacts(chatCompletion: root)
            case .responses: try RequestFacts(response: root)
            case .messages: try RequestFacts(message: root)
            case .embeddings: try RequestFacts(embeddings: root)
            }
        self.api = api
        model = facts.model
        isStream = facts.isStream
        wantsStreamUsage = facts.wantsStreamUsage
        user = facts.user
        metadata = facts.metadata
        toolCount = facts.toolCount
        choiceCount = facts.choiceCount
        temperature = facts.temperature
        seed = facts.seed
        maximumOutputTokens = facts.maximumOutputTokens
        exclusion = facts.exclusion
        isRetainedUpstream = facts.isRetainedUpstream
        message = facts.message
        omissions = facts.omissions
    }
}
