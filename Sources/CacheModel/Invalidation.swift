/// News about a source, as a data pipeline tells it.
public struct Invalidation: Hashable, Sendable {
    public var source: String
    public var change: Change
    /// The incarnation of the store that the sender has seen. After a loss, only news that names the present incarnation lifts the
    /// fence from its source; nil is right in every other case.
    public var incarnation: UInt64?

    public init(source: String, change: Change, incarnation: UInt64? = nil) {
        self.source = source
        self.change = change
        self.incarnation = incarnation
    }

    public enum Change: Hashable, Sendable {
        /// The source has reached this version. Lower or equal versions are answered `already`.
        case version(UInt64, generation: Generation = .zero)
        /// The source now has this label; a compare-and-set on what it replaces.
        case label(String, replacing: LabelExpectation = .nothing)
        /// Something changed, and nobody says to what.
        case bump
        /// The source was restored to an earlier point in time: a new generation begins at this version.
        case reset(version: UInt64)
    }

    /// What a label replaces. The first label of a source is accepted whatever is expected.
    public enum LabelExpectation: Hashable, Sendable {
        case nothing
        case label(String)
        /// The position of the source's last change, as a conflict reports it.
        case position(Position)
    }
}

/// The answer to an invalidation that holds now, durably.
public struct InvalidationReceipt: Hashable, Sendable {
    /// False when the source was at this state, or beyond it, already.
    public var changed: Bool
    /// The position of the store, at or after the change: a lookup that names it as its minimum sees the change.
    public var position: Position
    /// What is known of the source now.
    public var state: SourceState

    public init(changed: Bool, position: Position, state: SourceState) {
        self.changed = changed
        self.position = position
        self.state = state
    }
}

/// The newest state of a source that the store has been told of.
public struct SourceState: Hashable, Sendable {
    /// `.unnamed` when it was only ever bumped, or when its label is unknown since a bump.
    public var version: DataVersion
    /// The sequence of the last change; 0 when the source was never announced.
    public var lastSequence: UInt64

    public init(version: DataVersion, lastSequence: UInt64) {
        self.version = version
        self.lastSequence = lastSequence
    }
}

/// Entries removed by what they have in common. Later inserts need a lease from after the purge.
public enum Purge: Hashable, Sendable {
    case scope(Scope)
    case tag(String)
}

/// The answer to a purge.
public struct PurgeReceipt: Hashable, Sendable {
    /// Entries that are gone.
    public var entryCount: Int
    public var position: Position

    public init(entryCount: Int, position: Position) {
        self.entryCount = entryCount
        self.position = position
    }
}
