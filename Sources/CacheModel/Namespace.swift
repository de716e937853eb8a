/// How a namespace stores and answers. Namespaces never share entries.
public struct NamespaceSettings: Hashable, Sendable {
    /// Components of every embedding; nil until the first vector is inserted.
    public var dimension: Int?
    /// The embedding model, as a label that clients agree on; empty when nobody said.
    public var model: String
    /// The cosine similarity at or above which an entry is a hit, unless a lookup names its own.
    public var threshold: Float
    /// How long an entry lives unless it says otherwise; nil for ever.
    public var timeToLiveMilliseconds: Int64?
    /// Entries kept; beyond it others make room. Nil for no limit but the storage's.
    public var capacity: Int?

    public init(
        dimension: Int? = nil, model: String = "", threshold: Float = 0.95, timeToLiveMilliseconds: Int64? = nil,
        capacity: Int? = nil
    ) {
        self.dimension = dimension
        self.model = model
        self.threshold = threshold
        self.timeToLiveMilliseconds = timeToLiveMilliseconds
        self.capacity = capacity
    }
}

/// A namespace and what it holds.
public struct NamespaceDescription: Hashable, Sendable {
    public var name: String
    public var settings: NamespaceSettings
    /// Entries, those without a vector included.
    public var entryCount: Int
    /// Entries with a vector.
    public var rowCount: Int
    public var scopeCount: Int
    /// Sources, tags and scopes that have been announced or purged.
    public var watermarkCount: Int

    public init(
        name: String, settings: NamespaceSettings, entryCount: Int, rowCount: Int, scopeCount: Int, watermarkCount: Int
    ) {
        self.name = name
        self.settings = settings
        self.entryCount = entryCount
        self.rowCount = rowCount
        self.scopeCount = scopeCount
        self.watermarkCount = watermarkCount
    }
}

/// The 64-bit FNV-1a hash of a namespace's name: what a lease carries of it. A guard against mix-ups, not a secret.
public func namespaceFingerprint(_ name: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
}
