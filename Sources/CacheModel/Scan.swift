/// Which entries of a namespace are read, one page after the other in the order of their numbers.
public struct Scan: Hashable, Sendable {
    /// Only entries with a greater number; 0 for all.
    public var after: EntryIdentifier
    /// Only entries of this scope; nil for all.
    public var scope: Scope?
    /// The most entries of a page: 1 through `Limits.batchCount`.
    public var limit: Int
    /// Also entries that are never served any more: expired, or built from data that has changed.
    public var includesUnservable: Bool
    public var omitsPayloads: Bool
    public var omitsVectors: Bool

    public init(
        after: EntryIdentifier = EntryIdentifier(0), scope: Scope? = nil, limit: Int = Limits.batchCount,
        includesUnservable: Bool = false, omitsPayloads: Bool = false, omitsVectors: Bool = false
    ) {
        self.after = after
        self.scope = scope
        self.limit = limit
        self.includesUnservable = includesUnservable
        self.omitsPayloads = omitsPayloads
        self.omitsVectors = omitsVectors
    }
}

/// A page of a scan. It may be empty although more follow: a page ends, too, after `Limits.scanStepEntries` entries
/// looked at.
public struct ScanPage: Hashable, Sendable {
    /// In the order of their numbers.
    public var entries: [ScannedEntry]
    /// What the next page comes after.
    public var last: EntryIdentifier
    /// Whether there was nothing after `last`.
    public var isAtEnd: Bool
    /// The greatest number that any entry of the store had when the page was read. A scan that ends there does not run
    /// after entries that are stored meanwhile.
    public var newest: EntryIdentifier
    /// Where the store stood, at or before the moment when the entries were found to hold.
    public var position: Position
    /// Entries passed over because they are stale, expired or damaged.
    public var passedOver: PassedOver

    public struct PassedOver: Hashable, Sendable {
        public var stale: Int
        public var expired: Int
        public var damaged: Int

        public init(stale: Int = 0, expired: Int = 0, damaged: Int = 0) {
            self.stale = stale
            self.expired = expired
            self.damaged = damaged
        }

        public var count: Int { stale + expired + damaged }

        public static func += (one: inout PassedOver, other: PassedOver) {
            one.stale += other.stale
            one.expired += other.expired
            one.damaged += other.damaged
        }
    }

    public init(
        entries: [ScannedEntry], last: EntryIdentifier, isAtEnd: Bool, newest: EntryIdentifier, position: Position,
        passedOver: PassedOver = PassedOver()
    ) {
        self.entries = entries
        self.last = last
        self.isAtEnd = isAtEnd
        self.newest = newest
        self.position = position
        self.passedOver = passedOver
    }
}

/// An entry with all that it takes to store it again.
public struct ScannedEntry: Hashable, Sendable {
    public var entry: StoredEntry
    /// The sequence of the lease that it was inserted under, 0 for none: a lease of this sequence has its copy judged
    /// as it is.
    public var fillSequence: UInt64
    /// Of length one, bit by bit as it is searched; nil when there is none, or when the scan leaves vectors out.
    public var vector: [Float]?

    public init(entry: StoredEntry, fillSequence: UInt64, vector: [Float]?) {
        self.entry = entry
        self.fillSequence = fillSequence
        self.vector = vector
    }
}

extension ScannedEntry {
    /// The entry as it is stored again.
    ///
    /// - Parameters:
    ///   - namespace: where to.
    ///   - incarnation: of the store that it came from, as a page's position says.
    ///   - position: where the store that it goes to stands. In the same store the copy is judged exactly as the entry is; in
    ///     another one it counts as read before anything that the store has been told, so nothing that has changed there since
    ///     becomes fresh again.
    ///   - vector: nil for the entry's own, if it has one.
    /// - Returns: nil for an entry whose payload the scan left out.
    public func insertion(
        into namespace: String, from incarnation: UInt64, at position: Position, vector: [Float]? = nil
    ) -> Insertion? {
        guard let payload = entry.payload else { return nil }
        let sequence = incarnation == position.incarnation ? fillSequence : 0
        let lease = Lease(
            position: Position(incarnation: position.incarnation, sequence: sequence),
            namespace: namespaceFingerprint(namespace))
        return Insertion(
            scope: entry.scope, key: entry.key, vector: vector ?? self.vector, prompt: entry.prompt, payload: payload,
            contentType: entry.contentType, dependencies: entry.dependencies, tags: entry.tags,
            expiresAt: entry.expiresAt, costSavedNanodollars: entry.costSavedNanodollars, lease: lease,
            createdAt: entry.createdAt, norm: vector == nil && self.vector != nil ? entry.norm : nil)
    }
}
