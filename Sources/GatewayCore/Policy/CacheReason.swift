/// Why the cache did what it did, as `x-semblance-cache-reason` and `x-semblance-stored` say it. Stable.
package enum CacheReason: Hashable, Sendable {
    // Asked for by the request.
    case noCache, noStore
    /// `max-age=0`.
    case zeroMaximumAge

    // What the request is.
    case excluded(RequestExclusion)
    case exactOnly(ExactOnlyReason)
    case longPrompt
    /// The temperature is above 0, and the use case keeps no answers that were drawn at random.
    case sampled
    /// The gateway's own encoder makes the embeddings, which takes no longer than to look them up.
    case builtIn

    // How it is configured.
    case semanticOff
    case noEncoder
    /// A precision is wanted that no match model promises.
    case noMatchModel

    // The data that the answer rests on.
    /// A dependency names no version, and there is no lease.
    case unversionedDependency
    /// The cache cannot vouch for the freshness of what it has.
    case fenced
    /// What the answer rests on changed before it could be stored.
    case staleDependency
    case leaseRequired
    /// The stored answer does not rest on all that the request names, or on an older version of it.
    case otherData
    case superseded

    // What was found.
    case nothingStored, belowThreshold, stale, expired
    case guarded(GuardName)
    /// The match model gives the nearest question less than the probability that the target precision needs.
    case improbable

    // What failed.
    case cacheUnavailable, cacheRefused, embedderUnavailable

    // What the answer is.
    case answer(AnswerExclusion)

    package var text: String {
        switch self {
        case .noCache: "no-cache"
        case .noStore: "no-store"
        case .zeroMaximumAge: "max-age-0"
        case .excluded(let exclusion): exclusion.rawValue
        case .exactOnly(let reason): reason.rawValue
        case .longPrompt: "long-prompt"
        case .sampled: "sampled"
        case .builtIn: "built-in"
        case .semanticOff: "semantic-off"
        case .noEncoder: "no-encoder"
        case .noMatchModel: "no-match-model"
        case .unversionedDependency: "unversioned-dependency"
        case .fenced: "fenced"
        case .staleDependency: "stale-dependency"
        case .leaseRequired: "lease-required"
        case .otherData: "other-data"
        case .superseded: "superseded"
        case .nothingStored: "nothing-stored"
        case .belowThreshold: "below-threshold"
        case .stale: "stale"
        case .expired: "expired"
        case .guarded(let name): "guard-\(name.rawValue)"
        case .improbable: "improbable"
        case .cacheUnavailable: "cache-unavailable"
        case .cacheRefused: "cache-refused"
        case .embedderUnavailable: "embedder-unavailable"
        case .answer(let exclusion): exclusion.rawValue
        }
    }

    package static let allCases: [CacheReason] =
        [
            .noCache, .noStore, .zeroMaximumAge, .longPrompt, .sampled, .builtIn, .semanticOff, .noEncoder,
            .noMatchModel, .unversionedDependency, .fenced, .staleDependency, .leaseRequired, .otherData, .superseded,
            .nothingStored, .belowThreshold, .stale, .expired, .improbable, .cacheUnavailable, .cacheRefused,
            .embedderUnavailable,
        ] + RequestExclusion.allCases.map(Self.excluded) + ExactOnlyReason.allCases.map(Self.exactOnly)
        + GuardName.allCases.map(Self.guarded) + AnswerExclusion.allCases.map(Self.answer)
}
