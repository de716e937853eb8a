/// The number of an entry: unique in a store, growing with every insert, never used twice.
public struct EntryIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var number: UInt64

    public init(_ number: UInt64) { self.number = number }

    public static func < (one: EntryIdentifier, other: EntryIdentifier) -> Bool { one.number < other.number }
    public var description: String { String(number) }
}

/// An answer to be stored.
public struct Insertion: Hashable, Sendable {
    public var scope: Scope
    /// Unique in its scope: a later insertion with the same key takes the place of this one.
    public var key: ExactKey?
    /// Any length but zero, the service normalises. May be absent when there is a key.
    public var vector: [Float]?
    public var prompt: String?
    public var payload: [UInt8]
    public var contentType: String
    public var dependencies: [Dependency]
    public var tags: [String]
    /// When the entry ends, whatever hits it has; nil for the namespace's default.
    public var expiresAt: Timestamp?
    /// What one hit saves, in nano-dollars.
    public var costSavedNanodollars: UInt64
    /// From before the data was read.
    public var lease: Lease?
    /// When the answer was made, for the copy of an entry; nil for now. What is in the future counts as now.
    public var createdAt: Timestamp?
    /// For the copy of an entry: `vector` is of length one already, its bits are kept, and this was its length before.
    /// More than 0.
    public var norm: Float?

    public init(
        scope: Scope = .shared, key: ExactKey? = nil, vector: [Float]? = nil, prompt: String? = nil, payload: [UInt8],
        contentType: String = "application/octet-stream", dependencies: [Dependency] = [], tags: [String] = [],
        expiresAt: Timestamp? = nil, costSavedNanodollars: UInt64 = 0, lease: Lease? = nil, createdAt: Timestamp? = nil,
        norm: Float? = nil
    ) {
        self.scope = scope
        self.key = key
        self.vector = vector
        self.prompt = prompt
        self.payload = payload
        self.contentType = contentType
        self.dependencies = dependencies
        self.tags = tags
        self.expiresAt = expiresAt
        self.costSavedNanodollars = costSavedNanodollars
        self.lease = lease
        self.createdAt = createdAt
        self.norm = norm
    }
}

/// What became of one insertion of a batch.
public enum InsertOutcome: Hashable, Sendable {
    /// `replaced` is the entry with the same key that made room.
    case stored(EntryIdentifier, replaced: EntryIdentifier?)
    case refused(CacheError)
}

/// An answer as it is stored.
public struct StoredEntry: Hashable, Sendable {
    public var identifier: EntryIdentifier
    public var scope: Scope
    public var key: ExactKey?
    public var createdAt: Timestamp
    /// Milliseconds since `createdAt` by the service's clock.
    public var ageMilliseconds: Int64
    public var expiresAt: Timestamp?
    /// The length of the vector before the service normalised it; nil for an entry without a vector.
    public var norm: Float?
    public var costSavedNanodollars: UInt64
    public var prompt: String?
    public var dependencies: [Dependency]
    public var tags: [String]
    public var contentType: String
    /// Nil where a reply leaves it out; `payloadBytes` tells its size all the same.
    public var payload: [UInt8]?
    public var payloadBytes: Int

    public init(
        identifier: EntryIdentifier, scope: Scope, key: ExactKey?, createdAt: Timestamp, ageMilliseconds: Int64,
        expiresAt: Timestamp?, norm: Float?, costSavedNanodollars: UInt64, prompt: String?, dependencies: [Dependency],
        tags: [String], contentType: String, payload: [UInt8]?, payloadBytes: Int
    ) {
        self.identifier = identifier
        self.scope = scope
        self.key = key
        self.createdAt = createdAt
        self.ageMilliseconds = ageMilliseconds
        self.expiresAt = expiresAt
        self.norm = norm
        self.costSavedNanodollars = costSavedNanodollars
        self.prompt = prompt
        self.dependencies = dependencies
        self.tags = tags
        self.contentType = contentType
        self.payload = payload
        self.payloadBytes = payloadBytes
    }
}
