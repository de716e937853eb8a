package import CacheModel
package import CacheStorage
package import HashTreeCollections

/// Everything that decides whether an answer still holds, for the whole store: the incarnation, the sequence `G`, the fence and
/// the watermarks of every namespace. A persistent value, changed only by the writer; readers hold copies.
///
/// The semantics are the design's `invalidation` page; a model of it in `Tests/CacheEngineTests` is compared answer by answer.
package struct WatermarkTable: Sendable {
    package var incarnation: UInt64
    /// `G`: grows by one with every change and never goes back.
    package var sequence: UInt64
    /// The newest sequence that is on the disk. Leases carry this one: a sequence that a crash takes back will be given to
    /// another change, which a lease from before must not seem to have seen.
    package var durableSequence: UInt64
    package var isFenced: Bool
    package var lossSequence: UInt64
    package private(set) var nextNamespace: UInt32
    package private(set) var identifiers: TreeDictionary<Name, NamespaceIdentifier> = [:]
    package private(set) var namespaces: TreeDictionary<NamespaceIdentifier, NamespaceWatermarks> = [:]
    /// Who follows a namespace, as the records of the followers say.
    package private(set) var followers: TreeDictionary<NamespaceIdentifier, Set<NamespaceIdentifier>> = [:]

    package init(store: StoreRecord) {
        incarnation = store.incarnation
        sequence = store.sequence
        durableSequence = store.sequence
        isFenced = store.isFenced
        lossSequence = store.lossSequence
        nextNamespace = store.nextNamespace
    }

    /// Where the store stands, durably.
    package var position: Position { Position(incarnation: incarnation, sequence: durableSequence) }

    /// What an app that begins to read now may say of what it reads.
    package func lease(_ namespace: String) -> Lease {
        Lease(position: position, namespace: namespaceFingerprint(namespace))
    }

    // MARK: Namespaces

    package subscript(name: String) -> NamespaceWatermarks? { identifiers[Name(name)].flatMap { namespaces[$0] } }

    package subscript(identifier: NamespaceIdentifier) -> NamespaceWatermarks? {
        get { namespaces[identifier] }
        set {
            if let newValue { identifiers[Name(newValue.record.name)] = identifier }
            let old = namespaces[identifier]?.record.follows
            let new = newValue?.record.follows
            if old != new {
                if let old { followers[old]?.remove(identifier) }
                if let new { followers[new, default: []].insert(identifier) }
            }
            namespaces[identifier] = newValue
        }
    }

    /// The identifier of a name, which it keeps for ever; a new one for a name never heard of.
    ///
    /// - Returns: nil when the store knows as many names as it may.
    package mutating func identify(_ name: String) -> NamespaceIdentifier? {
        if let identifier = identifiers[Name(name)] { return identifier }
        guard identifiers.count < Limits.namespaceCount else { return nil }
        let identifier = NamespaceIdentifier(nextNamespace)
        nextNamespace += 1
        self[identifier] = NamespaceWatermarks(
            record: NamespaceRecord(name: name, content: nil, settings: NamespaceSettings()))
        return identifier
    }

    /// The content of a namespace that exists.
    package func content(_ name: String) -> ContentIdentifier? { self[name]?.record.content }

    // MARK: Leases

    /// The `fillG` of an insert under this lease.
    ///
    /// - Throws: `bad-lease` for one of another namespace, another incarnation or the future.
    package func fillSequence(_ lease: Lease?, namespace: String) throws(CacheError) -> UInt64 {
        guard let lease else { return 0 }
        guard lease.namespace == namespaceFingerprint(namespace) else {
            throw CacheError(.badLease, "the lease is of another namespace")
        }
        guard lease.position.incarnation == incarnation else {
            throw CacheError(.badLease, "the lease is of another incarnation of the store; look up again")
        }
        guard lease.position.sequence <= durableSequence else {
            throw CacheError(.badLease, "the lease is of a position that the store has not reached")
        }
        return lease.position.sequence
    }

    /// Whether a lookup that demands this position can be answered.
    package func hasReached(_ position: Position?) -> Bool {
        guard let position else { return true }
        return position.incarnation == incarnation && position.sequence <= durableSequence
    }
}
