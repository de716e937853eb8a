@_exported public import CacheModel
import CacheProtocol
import NIOCore
import NIOPosix

/// A client of the cache service, for as many tasks at once as an app has.
///
/// It keeps a few connections, opened when they are first needed, and sends many requests on each without waiting for
/// replies in between. Every call has a deadline. A cancelled task goes on at once with `CancellationError`; the reply
/// that comes later is dropped.
///
/// When a connection is lost, calls that change nothing or may be repeated without harm are tried again within their
/// deadline: lookups, `entry`, `ping`, `statistics`, leases, listing and creating namespaces, and invalidations that
/// name a version or a label. Everything else is tried again only if the service has certainly not seen it, and fails
/// with `.connectionClosed` otherwise: it may or may not have been done.
///
/// Errors are `CacheError`: those of the service as it sent them; `.connectionFailed` when it cannot be reached,
/// `.connectionClosed` when a connection was lost, `.deadlineExceeded`, `.overloaded` also when too many calls wait in
/// this client, `.malformedFrame` when the service answers what cannot be an answer.
public final class SemblanceClient: Sendable {
    public let address: ServiceAddress
    public let configuration: ClientConfiguration
    let pool: ConnectionPool
    private let retries: RetryPolicy

    /// Opens no connection yet. With `configuration.tls`, reads the files that it names.
    ///
    /// - Throws: `.invalidConfiguration` with the detail `field`.
    public init(
        address: ServiceAddress = .standard, configuration: ClientConfiguration = ClientConfiguration()
    ) throws(CacheError) {
        try configuration.validate()
        self.address = address
        self.configuration = configuration
        retries = RetryPolicy(
            attemptLimit: configuration.attemptLimit, waitLimit: TimeAmount(configuration.retryWaitLimit),
            retriesOverloaded: configuration.retriesOverloaded)
        let hello = HelloRequest(clientName: configuration.clientName, token: Array(configuration.token.utf8))
        let connector = Connector(
            address: address, encryption: try ConnectionEncryption(configuration.tls, address: address),
            group: configuration.eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton,
            timeout: TimeAmount(configuration.connectTimeout),
            silenceLimit: TimeAmount(configuration.silenceLimit), hello: hello)
        let backoff = Backoff(
            first: TimeAmount(configuration.reconnectDelay), limit: TimeAmount(configuration.reconnectDelayLimit))
        pool = ConnectionPool(
            PoolState.Settings(
                connectionLimit: configuration.connectionLimit,
                requestsPerConnection: configuration.requestsPerConnection,
                waitingRequestLimit: configuration.waitingRequestLimit, backoff: backoff),
            connector: connector, randomness: configuration.randomness)
    }

    deinit { pool.close() }

    /// Closes all connections once what is in flight has been answered or has run out of time. Calls that have not been
    /// sent yet, and later ones, fail with `.connectionClosed`. Returns when the last connection is gone; may be called
    /// more than once.
    public func close() async {
        pool.close()
        await pool.closed()
    }

    // MARK: Requests

    /// Sends a request, again where `RetryPolicy` allows it, until there is a reply that is not an error.
    func send(_ request: Request, timeout: Duration?) async throws -> Reply {
        let deadline = NIODeadline.now() + TimeAmount(timeout ?? configuration.requestTimeout)
        var attempt = 1
        while true {
            try Task.checkCancellation()
            let failure: CacheError
            let isReply: Bool
            let wasSent: Bool
            switch await pool.perform(request.opcode, frame: try encode(request), deadline: deadline) {
            case .cancelled: throw CancellationError()
            case .reply(.failure(let error, _)): (failure, isReply, wasSent) = (error, true, true)
            case .reply(let reply): return reply
            case .failed(let error, let mayHaveBeenSent): (failure, isReply, wasSent) = (error, false, mayHaveBeenSent)
            }
            let delay = retries.delay(
                after: failure, attempt: attempt, isRepeatable: request.isRepeatable, isReply: isReply,
                mayHaveBeenSent: wasSent, remaining: deadline - .now())
            guard let delay else { throw failure }
            if delay > .zero { try await Task.sleep(for: Duration(delay)) }
            attempt += 1
        }
    }

    /// On the calling thread, so that long vectors and payloads do not hold up the event loop.
    private func encode(_ request: Request) throws(CacheError) -> ByteBuffer {
        var frame = ByteBuffer()
        // The connection puts its own identifier in place of this one.
        try frame.writeRequest(request, identifier: 1, vectors: configuration.vectorPrecision.encoding)
        return frame
    }
}

extension CacheError {
    /// The connection has made sure that a reply is of the kind of its request, but not how many items it has.
    static let mismatchedReply = CacheError(.malformedFrame, "a reply does not have what its request asked for")
}

extension Array {
    /// - Throws: `.malformedFrame` when there are more or fewer.
    func expecting(_ expectedCount: Int) throws(CacheError) -> Self {
        guard count == expectedCount else { throw .mismatchedReply }
        return self
    }
}
