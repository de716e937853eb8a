import GatewayCore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Finds who answers a request, and answers in the API's own form whatever goes wrong.
struct GatewayResponder: HTTPResponder {
    let endpoints: Endpoints
    let bounds: GatewayConfiguration.Bounds
    let disconnects: DisconnectRegistry
    let counters: GatewayCounters
    let logger: Logger
    private let load = RequestLoad()

    init(
        _ endpoints: Endpoints, bounds: GatewayConfiguration.Bounds, disconnects: DisconnectRegistry,
        counters: GatewayCounters, logger: Logger
    ) {
        self.endpoints = endpoints
        self.bounds = bounds
        self.disconnects = disconnects
        self.counters = counters
        self.logger = logger
    }

    func respond(to request: Request, context: GatewayContext) async throws -> Response {
        let start = ContinuousClock.now
        let identifier = RandomIdentifier.make("req_")
        let fields = request.headerFieldList
        let format =
            ModelAPI(path: request.uri.path).map { ErrorFormat($0) } ?? (fields.isAnthropic ? .anthropic : .openAI)
        counters.increment(.requests)
        let entry = load.enter(limit: bounds.requestCount)
        do {
            guard entry else {
                throw GatewayError(
                    .overloaded, "The gateway answers \(bounds.requestCount) requests already, as many as it may.",
                    retryAfterSeconds: 1)
            }
            var reply = try await reply(to: request, fields, identifier, start, context.channel)
            reply.cleanup.add { [load] in load.leave() }
            if request.method == .head { reply.body = .bytes([]) }
            return reply.response(identifier: identifier)
        } catch {
            if entry { load.leave() }
            return refusal(error, format, identifier)
        }
    }

    private func refusal(_ error: any Error, _ format: ErrorFormat, _ identifier: String) -> Response {
        var fields: [HeaderField] = []
        let refused: GatewayError
        switch error {
        case let refusal as Refusal:
            refused = refusal.error
            fields = (refusal.disclosure?.headerFields ?? []) + refusal.fields
        case let error as GatewayError: refused = error
        case is CancellationError:
            // Nobody is there to read it.
            counters.increment(.disconnects)
            refused = GatewayError(.internalError, "The request was given up.")
        default:
            logger.error("Request failed", metadata: ["error": "\(type(of: error))", "request": "\(identifier)"])
            refused = GatewayError(
                .internalError, "The gateway failed; its log has more under the request's identifier.")
        }
        counters.increment(.refused)
        logger.info(
            "Request refused", metadata: ["code": "\(refused.code.rawValue)", "request": "\(identifier)"])
        if let seconds = refused.retryAfterSeconds { fields.append(HeaderField("retry-after", String(seconds))) }
        let body = refused.body(format, requestIdentifier: identifier)
        return Reply.json(body, status: refused.code.status, fields: fields).response(identifier: identifier)
    }

    private func reply(
        to request: Request, _ fields: [HeaderField], _ identifier: String, _ start: ContinuousClock.Instant,
        _ channel: any Channel
    ) async throws -> Reply {
        let path = request.uri.path
        if let api = ModelAPI(path: path) {
            try request.expect(.post)
            let body = try await request.bodyBytes(limitBytes: bounds.requestBytes)
            return try await model(
                try ModelRequest(api, body: body), fields: fields, identifier: identifier, start: start, channel)
        }
        switch path {
        case "/": return try request.expect(.get) { endpoints.welcome.reply }
        case "/metrics": return try request.expect(.get) { endpoints.status.metrics }
        case "/healthz": return try request.expect(.get) { StatusEndpoint.healthy }
        case "/readyz":
            try request.expect(.get)
            return await endpoints.status.readiness
        case "/v1/models": return try request.expect(.get) { endpoints.models.list(fields) }
        case "/v1/lease":
            try request.expect(.get)
            return try await endpoints.lease.reply(fields)
        case "/v1/invalidations": return try await invalidate(request, fields, mapping: nil)
        default: break
        }
        if let name = path.below("/v1/models/") {
            return try request.expect(.get) { try endpoints.models.model(name, fields) }
        }
        if let name = path.below("/v1/invalidations/") {
            return try await invalidate(request, fields, mapping: name)
        }
        throw GatewayError(.unknownEndpoint, "There is no endpoint \(request.method.rawValue) \(path).")
    }

    private func model(
        _ request: ModelRequest, fields: [HeaderField], identifier: String, start: ContinuousClock.Instant,
        _ channel: any Channel
    ) async throws -> Reply {
        if let embeddings = endpoints.embeddings, request.api == .embeddings,
            endpoints.routes.leadsToEncoder(request.model, encoder: embeddings.encoder.model)
        {
            let call = EmbeddingsEndpoint.Call(
                request: request, fields: fields, identifier: identifier, start: start)
            return try await watching(channel) { try await embeddings.reply(to: call, onLeaving: $0) }
        }
        let inquiry = try Inquiry(
            request, fields: fields, identifier: identifier, start: start, policy: endpoints.policy,
            routes: endpoints.routes, embeddingModel: endpoints.model.embedder?.model)
        return try await watching(channel) { try await endpoints.model.reply(to: inquiry, onLeaving: $0) }
    }

    /// Has whoever makes the reply told when the client goes away.
    private func watching(
        _ channel: any Channel, _ make: ((@escaping @Sendable () -> Void) -> Void) async throws -> Reply
    ) async throws -> Reply {
        let watches = Mutex<[DisconnectRegistry.Watch]>([])
        do {
            let reply = try await make { leave in
                let watch = disconnects.watch(channel, leave)
                watches.withLock { $0.append(watch) }
            }
            let watched = watches.withLock { $0 }
            reply.cleanup.add { [disconnects] in for watch in watched { disconnects.remove(watch) } }
            return reply
        } catch {
            for watch in watches.withLock({ $0 }) { disconnects.remove(watch) }
            throw error
        }
    }

    private func invalidate(_ request: Request, _ fields: [HeaderField], mapping: String?) async throws -> Reply {
        try request.expect(.post)
        let body = try await request.bodyBytes(limitBytes: GatewayLimits.webhookBytes)
        return try await endpoints.invalidations.reply(fields, body, mapping: mapping)
    }
}

/// Requests that are being answered.
private final class RequestLoad: Sendable {
    private let count = Mutex(0)

    func enter(limit: Int) -> Bool {
        count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}

extension String {
    /// What comes after a prefix, its percent-encoding undone where it is one; nil without the prefix, and when nothing comes.
    fileprivate func below(_ prefix: String) -> String? {
        guard hasPrefix(prefix), utf8.count > prefix.utf8.count else { return nil }
        let rest = dropFirst(prefix.count)
        return PercentCoding.decode(rest) ?? String(rest)
    }
}
