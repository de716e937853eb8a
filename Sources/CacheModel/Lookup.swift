/// A question to the cache: has something that means this been answered before, and does the answer still hold?
public struct Lookup: Hashable, Sendable {
    public var scope: Scope
    /// Tried first; an entry with this key is a hit whatever its vector.
    public var key: ExactKey?
    /// Any length but zero, the service normalises. At least one of `key` and `vector` is given.
    public var vector: [Float]?
    /// -1 through 1; nil for the namespace's default.
    public var threshold: Float?
    /// The most hits wanted, best first: `Limits.neighborsRange`.
    public var neighbors: Int
    /// Older entries count as expired; nil for any age.
    public var maximumAgeMilliseconds: Int64?
    /// The store must have reached this position, otherwise the answer is a miss with reason `fenced`.
    public var minimumPosition: Position?
    /// Sources whose last change the reply reports.
    public var sources: [String]
    /// Leave the payload of the best hit out of the reply.
    public var omitsPayload: Bool
    /// Have the reply say how the vector was searched. Such a lookup shares its search with no other.
    public var isExplained: Bool

    public init(
        scope: Scope = .shared, key: ExactKey? = nil, vector: [Float]? = nil, threshold: Float? = nil,
        neighbors: Int = 1, maximumAgeMilliseconds: Int64? = nil, minimumPosition: Position? = nil,
        sources: [String] = [], omitsPayload: Bool = false, isExplained: Bool = false
    ) {
        self.scope = scope
        self.key = key
        self.vector = vector
        self.threshold = threshold
        self.neighbors = neighbors
        self.maximumAgeMilliseconds = maximumAgeMilliseconds
        self.minimumPosition = minimumPosition
        self.sources = sources
        self.omitsPayload = omitsPayload
        self.isExplained = isExplained
    }
}

/// The answer to one lookup.
public struct LookupReply: Hashable, Sendable {
    public var outcome: LookupOutcome
    /// For an insert of what is computed next.
    public var lease: Lease
    /// The sequence of the last change of each source that the lookup named, in its order; 0 for one never announced.
    public var sourceSequences: [UInt64]
    /// Time spent in the search of the batch that this lookup was part of: from the decoded vectors until the hits were read
    /// and found to hold.
    public var searchNanoseconds: UInt64
    /// How the vector was searched, if the lookup asked for it and there was a search.
    public var explanation: SearchExplanation?

    public init(
        outcome: LookupOutcome, lease: Lease, sourceSequences: [UInt64], searchNanoseconds: UInt64,
        explanation: SearchExplanation? = nil
    ) {
        self.outcome = outcome
        self.lease = lease
        self.sourceSequences = sourceSequences
        self.searchNanoseconds = searchNanoseconds
        self.explanation = explanation
    }
}

public enum LookupOutcome: Hashable, Sendable {
    /// Never empty; best first, the newest first among equals. Only the first carries its payload.
    case hits([Hit])
    case miss(Miss)
    /// This lookup alone could not be answered; others of its batch may have been.
    case refused(CacheError)
}

public struct Hit: Hashable, Sendable {
    public enum Match: UInt8, Hashable, Sendable {
        case key = 1
        case vector = 2
    }

    public var match: Match
    /// Cosine similarity, -1 through 1; 1 for a match by key.
    public var similarity: Float
    public var entry: StoredEntry

    public init(match: Match, similarity: Float, entry: StoredEntry) {
        self.match = match
        self.similarity = similarity
        self.entry = entry
    }
}

public struct Miss: Hashable, Sendable {
    public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
        /// The scope holds nothing that could match.
        case nothingStored = 1
        /// The nearest entry is not near enough.
        case belowThreshold = 2
        /// An entry would match, but what it was built from has changed.
        case stale = 3
        /// An entry would match, but its time is over or it is older than the lookup allows.
        case expired = 4
        /// The store cannot vouch for freshness: it has not reached the wanted position, or has lost what it knew of a source.
        case fenced = 5
    }

    public var reason: Reason
    /// The highest similarity of any servable entry of the scope, where the search came to know it.
    public var nearestSimilarity: Float?

    public init(reason: Reason, nearestSimilarity: Float? = nil) {
        self.reason = reason
        self.nearestSimilarity = nearestSimilarity
    }
}
