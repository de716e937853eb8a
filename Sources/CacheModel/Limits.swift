/// Every limit of the service, in one place. `LimitsTests` asserts how they relate.
public enum Limits {
    // MARK: Vectors and search

    /// Components of an embedding: 1 through 4,096.
    public static let dimensionRange = 1...4_096
    /// Entries that one lookup may ask for (`k`).
    public static let neighborsRange = 1...100
    /// Lookups, insertions or invalidations in one request.
    public static let batchCount = 256

    // MARK: Entries

    /// The stored answer of one entry.
    public static let payloadBytes = 16 << 20
    /// The prompt text kept beside an entry.
    public static let promptBytes = 64 << 10
    public static let contentTypeBytes = 127
    public static let dependencyCount = 64
    public static let tagCount = 16
    public static let tagBytes = 128
    /// Latest accepted expiry, milliseconds since 1970: the end of the year 9999.
    public static let latestTimestampMilliseconds: Int64 = 253_402_300_799_999

    // MARK: Data versions

    public static let sourceBytes = 255
    public static let labelBytes = 128
    /// Sources that one lookup may ask the last change of.
    public static let namedSourceCount = 64
    /// Watermarks kept per namespace; beyond it the oldest are folded into the namespace's floor.
    public static let watermarksPerNamespace = 1_000_000

    // MARK: Namespaces

    public static let namespaceBytes = 128
    public static let modelBytes = 128
    public static let namespaceCount = 65_536
    /// Rows of one namespace, as row numbers have 32 bits.
    public static let rowsPerNamespace = 1 << 30

    // MARK: Frames and connections

    /// The body of a frame, header excluded: two largest payloads fit.
    public static let frameBytes = 40 << 20
    /// Connections open at once.
    public static let connectionCount = 10_000
    /// Requests of one connection that have not been answered yet.
    public static let requestsInFlightPerConnection = 1_024
    /// Bytes of requests of one connection that have not been answered yet; one frame is always let in.
    public static let bytesInFlightPerConnection = 64 << 20
    /// Bytes of decoded requests that wait or run in the whole process.
    public static let bytesInFlight = 512 << 20

    // MARK: Conversation

    /// The body of any frame before HELLO was accepted: the longest HELLO fits.
    public static let helloBytes = 1 << 10
    /// The name that a client gives itself.
    public static let clientNameBytes = 128
    public static let tokenBytes = 512
    /// What a PING carries and gets back.
    public static let pingBytes = 1 << 10
    /// What is longer is cut off when an error is written to the wire.
    public static let errorMessageBytes = 1 << 10
    public static let errorDetailCount = 16
    /// A name or a value of an error's detail.
    public static let errorDetailBytes = 512

    // MARK: Access tokens

    public static let tokenCount = 1_000
    public static let tokenNameBytes = 64
    /// Patterns of namespaces that one token is for.
    public static let tokenNamespaceCount = 64
    /// Secrets of one token that hold at once, while it is rotated.
    public static let tokenSecretCount = 4
    /// The longest token file that is read.
    public static let tokenFileBytes = 16 << 20

    // MARK: Queues and groups

    /// Lookup requests waiting for a search worker.
    public static let lookupQueueCount = 8_192
    /// Writes waiting for the writer thread.
    public static let writeQueueCount = 8_192
    /// Queries that a search worker takes as one batch.
    public static let searchBatchCount = 256
    /// Requests that it takes together: all of them wait for the last, and more share hardly more of the work.
    public static let sharedSearchCount = 16
    /// Rows in one group commit. Together with `groupBytes` it keeps a transaction below LMDB's 131,071 dirty pages.
    public static let groupRows = 4_096
    /// Bytes of payload in one group commit, unless a single request is larger.
    public static let groupBytes = 64 << 20
    /// Entries that one background step of reclaiming looks at.
    public static let reclaimStepEntries = 512

    /// Entries that one page of a scan looks at.
    public static let scanStepEntries = 4_096
    /// Bytes of payloads, prompts and vectors in a page of a scan, unless a single entry has more.
    public static let scanPageBytes = 8 << 20

    // MARK: Eviction

    /// The least that a store may be limited to: several of the largest entries.
    public static let leastStoreBytes = 64 << 20
    /// Entries that one group commit evicts at most; those that are still too many go with the next one.
    public static let evictionsPerGroup = 8_192
    /// Entries that make room for inserts that are still to come, at most.
    public static let evictionsAhead = 1_024
    /// Entries that a group commit looks at, before it evicts any that holds, to find those that do not hold any more.
    public static let staleScanEntries = 4_096

    /// Keys of a namespace that are collected before they are written, at most.
    package static let recentKeys = 32_768
    /// With fewer they are written at once.
    package static let leastRecentKeys = 128
    /// Keys that are looked at, for each that is written, to find those that lead nowhere since a start.
    package static let keysSweptPerChange = 64

    // MARK: Storage

    /// One block of rows is one LMDB value on exactly 16 pages, less LMDB's page header.
    public static let blockBytes = 16 * 4_096 - 16
    /// Address space reserved for the memory map unless configured; the file grows only as it is used.
    public static let mapBytes = 256 << 30
    /// Space that inserts leave free, so that an invalidation still commits in a full map.
    public static let mapReserveBytes = 2 << 20
}
