import CacheModel
import GatewayCore
import Logging
import SemblanceClient
import Synchronization

/// Takes news about sources from pipelines. It is answered with 200 when all of it holds, durably; whoever gets anything
/// else sends it again.
struct InvalidationEndpoint: Sendable {
    private let cache: CacheGateway
    private let webhooks: GatewayConfiguration.Webhooks
    private let counters: GatewayCounters
    private let logger: Logger
    private let window = SharedReplayWindow()

    /// An invalidation is synced to the disk before it is acknowledged.
    private static let timeout = Duration.seconds(10)

    init(
        _ cache: CacheGateway, _ webhooks: GatewayConfiguration.Webhooks, counters: GatewayCounters, logger: Logger
    ) {
        self.cache = cache
        self.webhooks = webhooks
        self.counters = counters
        self.logger = logger
    }

    /// - Parameter mapping: the name of the mapping that reads the body; nil for our own form.
    /// - Throws: `invalid_signature`, `timestamp_out_of_range`, `unknown_mapping`, `invalid_json`, `invalid_request`,
    ///   `conflict`, `invalidation_unavailable`.
    func reply(_ fields: [HeaderField], _ body: [UInt8], mapping name: String?) async throws -> Reply {
        var mapping: GatewayConfiguration.Mapping?
        if let name {
            mapping = webhooks.mappings[name]
            guard mapping != nil else {
                let known = webhooks.mappings.keys.sorted().joined(separator: ", ")
                throw GatewayError(.unknownMapping, "There is no mapping '\(name)'; there are \(known).")
            }
        }
        let now = SystemTime.now
        let verified = try (mapping?.verifier ?? webhooks.verifier).verify(fields, body: body, at: now)
        let requests = try Self.requests(body, mapping?.mapping)
        guard let delivery = verified.identifier else { return try await apply(requests) }
        let identifier = "\(name ?? "") \(delivery)"
        switch window.begin(identifier, at: now) {
        case .done: return Self.repeated
        case .inProgress:
            throw GatewayError(
                .invalidationUnavailable, "This delivery is being carried out: ask again.", retryAfterSeconds: 1)
        case .new:
            do {
                let reply = try await apply(requests)
                window.finish(identifier)
                return reply
            } catch {
                window.abandon(identifier)
                throw error
            }
        }
    }

    private static func requests(_ body: [UInt8], _ mapping: WebhookMapping?) throws -> [InvalidationRequest] {
        let document: JSONDocument
        do {
            document = try JSONDocument(body, limits: .request)
        } catch {
            throw GatewayError(error)
        }
        return try mapping?.invalidations(document.root) ?? InvalidationRequest.all(document.root)
    }

    private static var repeated: Reply {
        .json(
            JSONWriter.object { json in
                json.member("received", 0)
                json.member("changed", 0)
                json.member("repeated", true)
            })
    }

    // MARK: Carrying out

    private func apply(_ requests: [InvalidationRequest]) async throws -> Reply {
        var changedCount = 0
        var position: Position?
        var refusal: GatewayError?
        var index = 0
        // In the order of the body, as far as the namespace stays the same at a time.
        while index < requests.count {
            let namespace = requests[index].namespace ?? webhooks.namespace
            let batch = requests[index...].prefix(Limits.batchCount).prefix {
                Name($0.namespace ?? webhooks.namespace) == Name(namespace)
            }
            let (receipts, refused) = try await apply(Array(batch), in: namespace, firstIndex: index)
            refusal = refusal ?? refused
            changedCount += receipts.count(where: \.changed)
            position = receipts.last?.position ?? position
            index += batch.count
        }
        // One piece of news that contradicts what is known does not hold up the others.
        if let refusal { throw refusal }
        counters.increment(.invalidations, by: requests.count)
        logger.info(
            "Invalidations applied", metadata: ["count": "\(requests.count)", "changed": "\(changedCount)"])
        return .json(
            JSONWriter.object { json in
                json.member("received", requests.count)
                json.member("changed", changedCount)
                if let position { json.member("position", position.description) }
            })
    }

    /// - Returns: with the receipts, the first refusal of a single piece of news.
    /// - Throws: when nothing can be said of the batch as a whole.
    private func apply(
        _ batch: [InvalidationRequest], in namespace: String, firstIndex: Int
    ) async throws -> ([InvalidationReceipt], GatewayError?) {
        var receipts: [InvalidationReceipt] = []
        var refusal: GatewayError?
        do {
            let outcomes = try await cache.client.invalidate(
                batch.map(\.invalidation), in: namespace, timeout: Self.timeout)
            for (offset, (request, outcome)) in zip(batch, outcomes).enumerated() {
                switch outcome {
                case .success(let receipt): receipts.append(receipt)
                case .failure(let error):
                    guard request.conflict == .bump, error.isConflict else {
                        logger.warning("Invalidation refused", metadata: ["code": "\(error.code.rawValue)"])
                        var refused = GatewayError(error, during: .invalidation)
                        if batch.count > 1 {
                            refused.message += " (invalidations[\(firstIndex + offset)]; others of the body may hold.)"
                        }
                        refusal = refusal ?? refused
                        continue
                    }
                    let bump = Invalidation(
                        source: request.invalidation.source, change: .bump,
                        incarnation: request.invalidation.incarnation)
                    receipts.append(try await cache.client.invalidate(bump, in: namespace, timeout: Self.timeout))
                }
            }
        } catch let error as CacheError {
            logger.warning("Invalidation refused", metadata: ["code": "\(error.code.rawValue)"])
            throw GatewayError(error, during: .invalidation)
        } catch is CancellationError {
            throw GatewayError(.invalidationUnavailable, "The request was given up.", retryAfterSeconds: 1)
        }
        return (receipts, refusal)
    }
}

extension CacheError {
    /// Whether what is known of a source contradicts the news about it.
    fileprivate var isConflict: Bool {
        [.kindMismatch, .generationConflict, .labelConflict].contains(code)
    }
}

/// A replay window that many requests ask.
private final class SharedReplayWindow: Sendable {
    private let window = Mutex(ReplayWindow())

    func begin(_ identifier: String, at now: Timestamp) -> ReplayWindow.Admission {
        window.withLock { $0.begin(identifier, at: now) }
    }

    func finish(_ identifier: String) { window.withLock { $0.finish(identifier) } }

    func abandon(_ identifier: String) { window.withLock { $0.abandon(identifier) } }
}
