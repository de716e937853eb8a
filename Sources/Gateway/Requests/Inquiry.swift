import CacheModel
package import GatewayCore

/// A request to a model, identified: what it asks, who asks, where it goes, and what the cache is to do for it.
package struct Inquiry: Sendable {
    /// What the response calls the request.
    let identifier: String
    let start: ContinuousClock.Instant
    package let request: ModelRequest
    /// As they came.
    let fields: [HeaderField]
    package let decision: CacheDecision
    package let route: RoutedModel
    package let fingerprint: RequestFingerprint
    /// How long the whole answer may take by the client's word.
    let deadlineMilliseconds: Int64?
    /// Whether the response waits until its answer is stored.
    let waitsForStoring: Bool

    /// - Parameter embeddingModel: the label of the vectors that questions are compared by.
    /// - Throws: whatever is wrong with the request, named.
    package init(
        _ request: ModelRequest, fields: [HeaderField], identifier: String, start: ContinuousClock.Instant,
        policy: CachePolicy, routes: RouteTable, embeddingModel: String?
    ) throws(GatewayError) {
        self.identifier = identifier
        self.start = start
        self.fields = fields
        self.request = request
        let directives = try RequestDirectives(headers: fields, metadata: request.metadata)
        try directives.refuseWhatIsNotThere()
        decision = try policy.decision(for: CachePolicy.Facts(request), directives)
        route = try routes.route(request.model, request.api)
        deadlineMilliseconds = directives.deadlineMilliseconds
        waitsForStoring = directives.waitsForStoring
        var qualifiers = Self.qualifiers(fields, route.upstream)
        // Vectors of different encoders have nothing to do with each other, even where they have one length. What the
        // request wants of the cache makes no difference: `no-cache` has to replace what others are given.
        if case .meaning = request.comparison, let embeddingModel { qualifiers.append("embedding: \(embeddingModel)") }
        fingerprint = request.fingerprint(
            for: ScopeIdentity(
                namespace: decision.namespace, sharing: decision.sharing.text, qualifiers: qualifiers))
    }

    /// Headers that make a difference to an answer without being in the body.
    private static let qualifyingNames = ["anthropic-beta", "anthropic-version", "openai-beta"]
    /// Where the client's own key goes upstream, answers are shared under that key only: a gateway that checks no keys
    /// must not give what one key has paid for to whoever sends another.
    private static let credentialNames = [
        "api-key", "authorization", "openai-organization", "openai-project", "x-api-key",
    ]

    private static func qualifiers(_ fields: [HeaderField], _ upstream: Upstream) -> [String] {
        let names = qualifyingNames + (upstream.credential == .client ? credentialNames : [])
        return names.flatMap { name in fields.filter { $0.name == name }.map { "\(name): \($0.value)" } }
    }

    /// Sources whose last change a lookup is to tell.
    var sources: [String] { decision.dependencies.map(\.source) }

    /// Whether a stored answer rests on what this request says that its answer does.
    func isCovered(by entry: StoredEntry) -> Bool {
        DependencyCoverage.covers(entry.dependencies, decision.dependencies)
    }

    /// The upstream's time, or the client's if that is shorter.
    var upstreamDeadline: (instant: ContinuousClock.Instant, error: GatewayError) {
        let configured = route.upstream.timeoutMilliseconds
        if let deadlineMilliseconds, deadlineMilliseconds <= configured {
            return (
                start + .milliseconds(deadlineMilliseconds),
                GatewayError(.deadlineExceeded, "There was no answer within the deadline of the request.")
            )
        }
        return (
            .now + .milliseconds(configured),
            GatewayError(.upstreamTimeout, "The upstream '\(route.upstream.name)' takes too long.")
        )
    }

    var elapsedMicroseconds: UInt64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return UInt64(clamping: seconds) &* 1_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000_000)
    }
}
