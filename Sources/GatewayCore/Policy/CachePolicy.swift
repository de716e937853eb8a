package import CacheModel

/// What is done with the cache for one request, and why.
package struct CacheDecision: Hashable, Sendable {
    package enum Lookup: Hashable, Sendable {
        case bypass(CacheReason)
        /// Letter by letter; the reason is why not by meaning.
        case exact(CacheReason)
        case exactAndSemantic(SemanticTarget, text: String)
    }

    package enum Storing: Hashable, Sendable {
        case yes(LeaseChoice)
        case no(CacheReason)
    }

    /// Under which lease the answer is stored.
    package enum LeaseChoice: Hashable, Sendable {
        /// The client's, from before it read the data.
        case client(Lease)
        /// The gateway's own, from its lookup or taken before the upstream is called: the answer rests on nothing but
        /// the request, which came before.
        case own
        /// None: the data was read at a time that nobody knows, so its versions must speak for themselves.
        case none
    }

    package var lookup: Lookup
    package var storing: Storing
    /// On a miss the answer is 504 `not_cached`, and no upstream is called.
    package var isOnlyIfCached: Bool
    package var maximumAgeMilliseconds: Int64?
    package var timeToLiveMilliseconds: Int64?
    package var answerLimitBytes: Int
    package var sharing: SharingIdentity
    package var guards: Set<GuardName>
    package var namespace: String
    package var dependencies: [Dependency]
    package var tags: [String]

    /// Whether there is anything to ask the cache, or to give it.
    package var usesCache: Bool {
        if case .bypass = lookup, case .no = storing { return false }
        return true
    }

    /// What is compared by meaning, if anything is.
    package var semanticText: String? {
        if case .exactAndSemantic(_, let text) = lookup { return text }
        return nil
    }
}

/// Decides what the cache does for a request, from nothing but the request and the configuration.
package struct CachePolicy: Hashable, Sendable {
    /// The namespace of requests that name none.
    package var namespace: String
    /// The namespaces that requests may name; nil for any.
    package var allowedNamespaces: Set<Name>?
    /// Whether there is anything that makes embeddings.
    package var hasEncoder: Bool
    /// By their names; the default one may be missing, then it is a plain one.
    package var useCases: [String: UseCase]

    package init(
        namespace: String, allowedNamespaces: Set<Name>? = nil, hasEncoder: Bool = true, useCases: [UseCase] = []
    ) {
        self.namespace = namespace
        self.allowedNamespaces = allowedNamespaces
        self.hasEncoder = hasEncoder
        self.useCases = Dictionary(useCases.map { ($0.name, $0) }) { _, last in last }
    }

    /// What the body of a request says, as far as it decides about the cache.
    package struct Facts: Hashable, Sendable {
        /// Why it is not cached at all.
        package var exclusion: RequestExclusion?
        package var comparison: ModelRequest.Comparison
        /// Who asks, by the body's word.
        package var user: String?
        package var temperature: Double?

        package init(
            exclusion: RequestExclusion? = nil, comparison: ModelRequest.Comparison, user: String? = nil,
            temperature: Double? = nil
        ) {
            self.exclusion = exclusion
            self.comparison = comparison
            self.user = user
            self.temperature = temperature
        }

        package init(_ request: ModelRequest) {
            self.init(
                exclusion: request.exclusion, comparison: request.comparison, user: request.user,
                temperature: request.temperature)
        }
    }

    /// - Parameters:
    ///   - app: to which the request's key belongs, `team` likewise; nil without keys.
    /// - Throws: `unknown_use_case`, `invalid_header` for a namespace that requests may not name, `invalid_lease` for
    ///   the lease of another namespace.
    package func decision(
        for facts: Facts, _ directives: RequestDirectives, app: String? = nil, team: String? = nil
    ) throws(GatewayError) -> CacheDecision {
        let useCase = try useCase(directives)
        let namespace = try namespace(directives)
        if let lease = directives.lease, lease.namespace != namespaceFingerprint(namespace) {
            throw GatewayError(
                .invalidLease, "The lease is of another namespace than '\(namespace)': take one from it.",
                parameter: DirectiveName.lease.header)
        }
        return CacheDecision(
            lookup: lookup(facts, directives, useCase), storing: storing(facts, directives, useCase),
            isOnlyIfCached: directives.cacheControl.onlyIfCached,
            maximumAgeMilliseconds: directives.cacheControl.maximumAgeSeconds.map { $0 * 1_000 },
            timeToLiveMilliseconds: directives.timeToLiveMilliseconds ?? useCase.timeToLiveMilliseconds,
            answerLimitBytes: useCase.answerLimitBytes,
            sharing: SharingIdentity(useCase.sharing, user: directives.user ?? facts.user, app: app, team: team),
            guards: useCase.guards, namespace: namespace, dependencies: directives.dependencies, tags: directives.tags)
    }

    private func useCase(_ directives: RequestDirectives) throws(GatewayError) -> UseCase {
        guard let name = directives.useCase else {
            return useCases[UseCase.defaultName] ?? UseCase(name: UseCase.defaultName)
        }
        if let useCase = useCases[name] { return useCase }
        guard name != UseCase.defaultName else { return UseCase(name: name) }
        let suggestion = NearestName.suggestion(for: name, in: useCases.keys)
        throw GatewayError(
            .unknownUseCase, "There is no use case '\(name)'\(suggestion.isEmpty ? "." : suggestion)",
            parameter: DirectiveName.useCase.header)
    }

    private func namespace(_ directives: RequestDirectives) throws(GatewayError) -> String {
        guard let wanted = directives.namespace, Name(wanted) != Name(namespace) else { return namespace }
        guard let allowedNamespaces, !allowedNamespaces.contains(Name(wanted)) else { return wanted }
        throw GatewayError(
            .invalidHeader, "Requests may not name the namespace '\(wanted)': cache.namespaces does not list it.",
            parameter: DirectiveName.namespace.header)
    }

    private func lookup(
        _ facts: Facts, _ directives: RequestDirectives, _ useCase: UseCase
    ) -> CacheDecision.Lookup {
        if let exclusion = facts.exclusion { return .bypass(.excluded(exclusion)) }
        if !useCase.cachesSampledAnswers, facts.isSampled { return .bypass(.sampled) }
        if directives.cacheControl.noCache { return .bypass(.noCache) }
        if directives.cacheControl.maximumAgeSeconds == 0 { return .bypass(.zeroMaximumAge) }
        switch facts.comparison {
        case .exact(let reason): return .exact(.exactOnly(reason))
        case .meaning(let text):
            guard let matching = useCase.matching else { return .exact(.semanticOff) }
            guard hasEncoder else { return .exact(.noEncoder) }
            guard text.utf8.count <= useCase.promptLimitBytes else { return .exact(.longPrompt) }
            return .exactAndSemantic(directives.threshold.map(SemanticTarget.similarity) ?? matching, text: text)
        }
    }

    private func storing(
        _ facts: Facts, _ directives: RequestDirectives, _ useCase: UseCase
    ) -> CacheDecision.Storing {
        if let exclusion = facts.exclusion { return .no(.excluded(exclusion)) }
        if !useCase.cachesSampledAnswers, facts.isSampled { return .no(.sampled) }
        if directives.cacheControl.noStore { return .no(.noStore) }
        if let lease = directives.lease { return .yes(.client(lease)) }
        // What was read before this request came is not covered by a lease that is handed out only now.
        if directives.dependencies.contains(where: { $0.version == .unnamed }) { return .no(.unversionedDependency) }
        return .yes(directives.dependencies.isEmpty && directives.tags.isEmpty ? .own : .none)
    }
}

extension CachePolicy.Facts {
    /// Without a temperature it is the provider's default, which is above 0 with all of them.
    fileprivate var isSampled: Bool {
        if comparison == .exact(.embeddings) { return false }
        return temperature.map { $0 > 0 } ?? true
    }
}
