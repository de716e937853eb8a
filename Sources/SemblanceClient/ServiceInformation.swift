public import CacheModel
import CacheProtocol

/// What a service says of itself when a client connects.
public struct ServiceInformation: Hashable, Sendable {
    /// The version of its program, for people.
    public var serverVersion: String
    public var protocolVersion: Int
    /// Where its store stood when the newest connection was made. Another incarnation than before means another store.
    public var position: Position
    /// Whether entries can be read page by page and stored again as they were: `scan`, `follow`, and an insertion's
    /// `createdAt` and `norm`.
    public var copiesEntries: Bool
    /// The most that it takes.
    public var limits: Limits

    /// Counts and bytes; see `CacheModel.Limits` for what each is about.
    public struct Limits: Hashable, Sendable {
        public var frameBytes: Int
        public var batchCount: Int
        public var dimension: Int
        public var neighbors: Int
        public var payloadBytes: Int
        public var promptBytes: Int
        public var contentTypeBytes: Int
        public var dependencyCount: Int
        public var tagCount: Int
        public var tagBytes: Int
        public var sourceBytes: Int
        public var labelBytes: Int
        public var namedSourceCount: Int
        public var namespaceBytes: Int
        public var modelBytes: Int
        public var requestsInFlightPerConnection: Int
        public var bytesInFlightPerConnection: Int
        public var pingBytes: Int

        init(_ limits: ServiceLimits) {
            frameBytes = limits[.frameBytes]
            batchCount = limits[.batchCount]
            dimension = limits[.dimension]
            neighbors = limits[.neighbors]
            payloadBytes = limits[.payloadBytes]
            promptBytes = limits[.promptBytes]
            contentTypeBytes = limits[.contentTypeBytes]
            dependencyCount = limits[.dependencyCount]
            tagCount = limits[.tagCount]
            tagBytes = limits[.tagBytes]
            sourceBytes = limits[.sourceBytes]
            labelBytes = limits[.labelBytes]
            namedSourceCount = limits[.namedSourceCount]
            namespaceBytes = limits[.namespaceBytes]
            modelBytes = limits[.modelBytes]
            requestsInFlightPerConnection = limits[.requestsInFlight]
            bytesInFlightPerConnection = limits[.bytesInFlight]
            pingBytes = limits[.pingBytes]
        }
    }

    init(_ hello: HelloReply) {
        serverVersion = hello.serverVersion
        protocolVersion = Int(hello.protocolVersion)
        position = hello.position
        copiesEntries = Capabilities(rawValue: hello.capabilities).contains(.copies)
        limits = Limits(hello.limits)
    }
}
