import CacheModel
import GatewayCore
import NIOCore
import PromptMatching

/// The way of a request to a model: exact cache, embed, semantic cache, upstream, store. `Inquiry` has identified it
/// and found its route.
struct ModelEndpoint: Sendable {
    let cache: CacheGateway
    let embedder: (any PromptEmbedder)?
    let judge: CandidateJudge
    let flights: FlightBoard
    let questions = QuestionBoard()
    let run: UpstreamRun
    let counters: GatewayCounters

    /// What has been found out on the way so far.
    private struct Journey {
        var disclosure: Disclosure
        var lease: Lease?
        var freshness: FlightBoard.Flights.Freshness?
        var vector: [Float]?
        var hit: Hit?
        /// Has others wait for the answer, who ask nearly the same.
        var ticket: QuestionBoard.Ticket?
        /// Time that was spent waiting for the answer to a question that is nearly this one.
        var waitedMicroseconds: UInt64 = 0
    }

    /// - Parameter onLeaving: told how to give up when the client goes away.
    func reply(
        to inquiry: Inquiry, onLeaving: (@escaping @Sendable () -> Void) -> Void
    ) async throws -> Reply {
        var journey = Journey(disclosure: Disclosure(.bypass, requestIdentifier: inquiry.identifier))
        await lookUp(inquiry, &journey)
        if journey.hit == nil { try await waitForNearAnswer(inquiry, &journey, onLeaving) }
        if let hit = journey.hit, let reply = replay(hit, inquiry, &journey) { return reply }
        counters.increment(.answers(journey.disclosure.outcome))
        if inquiry.decision.isOnlyIfCached {
            throw Refusal(
                error: GatewayError(.notCached, "Nothing is cached for this request, and it asks for nothing else."),
                disclosure: journey.disclosure)
        }
        return try await call(inquiry, journey, onLeaving)
    }

    // MARK: The cache

    private func lookUp(_ inquiry: Inquiry, _ journey: inout Journey) async {
        switch inquiry.decision.lookup {
        case .bypass(let reason):
            journey.disclosure.reason = reason
            // What is stored later needs a lease from before the upstream is asked.
            guard case .yes(.own) = inquiry.decision.storing else { return }
            journey.lease = try? await cache.lease(in: inquiry.decision.namespace)
            journey.disclosure.lease = journey.lease
        case .exact(let reason):
            await lookUpExactly(inquiry, &journey)
            if journey.disclosure.reason == .nothingStored { journey.disclosure.reason = reason }
        case .exactAndSemantic(let target, let text):
            await lookUpExactly(inquiry, &journey)
            if journey.hit == nil, journey.disclosure.outcome == .miss {
                await lookUpByMeaning(inquiry, target, text, &journey)
            }
        }
    }

    private func lookUpExactly(_ inquiry: Inquiry, _ journey: inout Journey) async {
        do {
            let reply = try await cache.exact(inquiry)
            journey.disclosure = Disclosure(reply, requestIdentifier: inquiry.identifier)
            journey.lease = reply.lease
            if case .hits(let hits) = reply.outcome, let hit = hits.first {
                if inquiry.isCovered(by: hit.entry) {
                    journey.hit = hit
                } else {
                    journey.disclosure = Disclosure(.miss, reason: .otherData, requestIdentifier: inquiry.identifier)
                    journey.disclosure.lease = reply.lease
                }
            }
            if journey.disclosure.outcome == .miss {
                journey.freshness = .init(
                    position: reply.lease.position, sourceSequences: reply.sourceSequences,
                    hasTags: !inquiry.decision.tags.isEmpty)
            }
        } catch {
            journey.disclosure.reason = CacheReason(error)
        }
    }

    private func lookUpByMeaning(
        _ inquiry: Inquiry, _ target: SemanticTarget, _ text: String, _ journey: inout Journey
    ) async {
        guard let embedder else {
            journey.disclosure.reason = .noEncoder
            return
        }
        guard let bar = judge.bar(for: target) else {
            journey.disclosure.reason = .noMatchModel
            return
        }
        do {
            if journey.vector == nil { journey.vector = try await embedder.embed([text]).first }
        } catch {
            journey.disclosure.reason = .embedderUnavailable
            return
        }
        guard let vector = journey.vector else { return }
        do {
            let finding = try await cache.semantic(inquiry, text: text, vector: vector, bar: bar, judge: judge)
            for veto in finding.vetoes { counters.increment(.vetoes(veto)) }
            if let hit = finding.hit {
                journey.hit = hit
                journey.disclosure = Disclosure(hit, requestIdentifier: inquiry.identifier)
            } else if let veto = finding.vetoes.first {
                journey.disclosure.reason = veto
                if case .hits(let hits) = finding.reply.outcome {
                    journey.disclosure.similarity = hits.first?.similarity
                }
            } else if case .miss(let miss) = finding.reply.outcome {
                let exactly = journey.disclosure.reason
                journey.disclosure = Disclosure(finding.reply, requestIdentifier: inquiry.identifier)
                // That the very answer was there, and is no longer true, says more than how near the next one is.
                if exactly == .stale || exactly == .expired { journey.disclosure.reason = exactly }
                if miss.reason == .fenced { journey.freshness = nil }
            }
            journey.disclosure.probability = finding.verdict?.probability
            // The lease is the one from before the embedding was made.
            journey.disclosure.lease = journey.lease
        } catch {
            journey.disclosure.reason = CacheReason(error)
            // A vector that the namespace does not take would keep the answer out as well.
            journey.vector = nil
        }
    }

    /// Has the request wait while somebody else has nearly the same question answered, and look again.
    private func waitForNearAnswer(
        _ inquiry: Inquiry, _ journey: inout Journey, _ onLeaving: (@escaping @Sendable () -> Void) -> Void
    ) async throws {
        guard case .exactAndSemantic(let target, let text) = inquiry.decision.lookup, let vector = journey.vector,
            let freshness = journey.freshness, !inquiry.decision.isOnlyIfCached, let bar = judge.bar(for: target)
        else { return }
        var question = QuestionBoard.Question(
            namespace: Name(inquiry.decision.namespace), scope: inquiry.fingerprint.scope, key: inquiry.fingerprint.key,
            text: text, vector: vector, dependencies: inquiry.decision.dependencies, freshness: freshness,
            isStored: true)
        if case .no = inquiry.decision.storing { question.isStored = false }
        let prompt = PromptText(text)
        let admission = questions.enter(question, similarity: bar.similarity) { other, similarity in
            let candidate = Candidate(
                prompt: prompt, storedPrompt: other, similarity: similarity, guards: inquiry.decision.guards, bar: bar)
            return judge.verdict(on: candidate).veto == nil
        }
        switch admission {
        case .first(let ticket): journey.ticket = ticket
        case .alone: break
        case .waits(let settlement):
            let begin = inquiry.elapsedMicroseconds
            let waiting = Task {
                let limit = min(GatewayLimits.nearAnswerMilliseconds, inquiry.deadlineMilliseconds ?? .max)
                try? await withDeadline(.now + .milliseconds(limit), or: CancellationError()) {
                    await settlement.wait()
                }
            }
            onLeaving { waiting.cancel() }
            await withTaskCancellationHandler { await waiting.value } onCancel: { waiting.cancel() }
            guard !waiting.isCancelled else { throw CancellationError() }
            journey.waitedMicroseconds = inquiry.elapsedMicroseconds - begin
            await lookUpByMeaning(inquiry, target, text, &journey)
            if journey.hit != nil { counters.increment(.joined) }
        }
    }

    /// - Returns: nil when what is stored cannot be read, which makes it a miss.
    private func replay(_ hit: Hit, _ inquiry: Inquiry, _ journey: inout Journey) -> Reply? {
        let request = inquiry.request
        guard let payload = hit.entry.payload, let stored = StoredAnswer(payload: payload), stored.api == request.api
        else {
            journey.disclosure = Disclosure(.miss, reason: .answer(.malformed), requestIdentifier: inquiry.identifier)
            journey.disclosure.lease = journey.lease
            journey.hit = nil
            return nil
        }
        counters.increment(.answers(journey.disclosure.outcome))
        let identifier = request.isRetainedUpstream ? nil : request.api.identifierPrefix.map(RandomIdentifier.make)
        let replay = AnswerReplay(stored, identifier: identifier, to: request)
        journey.disclosure.model = stored.model
        journey.disclosure.overheadMicroseconds = inquiry.elapsedMicroseconds - journey.waitedMicroseconds
        let fields = journey.disclosure.headerFields
        if request.isStream, request.api != .embeddings {
            return Reply(
                contentType: AnswerReplay.streamContentType,
                fields: fields + [HeaderField("cache-control", "no-cache")],
                body: .events(replay.events(includesUsage: request.wantsStreamUsage)))
        }
        return Reply(contentType: AnswerReplay.bodyContentType, fields: fields, body: .bytes(replay.body()))
    }

    // MARK: The upstream

    private func call(
        _ inquiry: Inquiry, _ journey: Journey, _ onLeaving: (@escaping @Sendable () -> Void) -> Void
    ) async throws -> Reply {
        let plan = plan(inquiry, journey)
        var disclosure = journey.disclosure
        disclosure.model = inquiry.route.model
        disclosure.routeReason = inquiry.route.reason
        disclosure.overheadMicroseconds = inquiry.elapsedMicroseconds - journey.waitedMicroseconds
        // Whoever keeps nothing of an answer shares no call either, nor who would end it at a time of its own.
        var freshness = journey.freshness
        if case .no = plan.storing { freshness = nil }
        if inquiry.deadlineMilliseconds != nil { freshness = nil }
        let (listener, isJoined) = flights.board(Self.flightKey(inquiry), freshness) { [run, ticket = journey.ticket] flight in
            await run(flight, plan)
            ticket?.settle()
        }
        onLeaving { listener.leave() }
        if isJoined { counters.increment(.joined) }
        do {
            return try await reply(from: listener, inquiry, disclosure)
        } catch {
            listener.leave()
            guard let error = error as? GatewayError else { throw error }
            throw Refusal(error: error, disclosure: disclosure)
        }
    }

    private func plan(_ inquiry: Inquiry, _ journey: Journey) -> AnswerStore.Plan {
        var plan = AnswerStore.Plan(inquiry: inquiry, storing: inquiry.decision.storing)
        plan.vector = journey.vector
        plan.embeddingModel = journey.vector == nil ? "" : embedder?.model ?? ""
        guard case .yes(let choice) = plan.storing else { return plan }
        if journey.disclosure.reason == .cacheUnavailable {
            plan.storing = .no(.cacheUnavailable)
            return plan
        }
        switch choice {
        case .client(let lease): plan.lease = lease
        case .own:
            plan.lease = journey.lease
            if journey.lease == nil { plan.storing = .no(.cacheUnavailable) }
        case .none: break
        }
        return plan
    }

    /// Who asks for a stream hears another answer than who does not, and so does who asks for its usage.
    private static func flightKey(_ inquiry: Inquiry) -> FlightBoard.Flights.Key {
        let request = inquiry.request
        let form: UInt128 = (request.isStream ? 1 : 0) | (request.wantsStreamUsage ? 2 : 0)
        return FlightBoard.Flights.Key(
            namespace: inquiry.decision.namespace, scope: inquiry.fingerprint.scope,
            key: ExactKey(inquiry.fingerprint.key.fingerprint ^ form), dependencies: inquiry.decision.dependencies)
    }

    private func reply(
        from listener: FlightListener, _ inquiry: Inquiry, _ disclosure: Disclosure
    ) async throws -> Reply {
        var disclosure = disclosure
        let head = try await listener.head()
        guard !head.isEventStream else {
            disclosure.stored = head.stored
            let trailer = head.stored == nil ? [HeaderField("trailer", Disclosure.storedHeader)] : []
            return Reply(
                status: head.status, fields: head.fields + disclosure.headerFields + trailer,
                body: .flight(listener, ErrorFormat(inquiry.request.api)))
        }
        var body: [UInt8] = []
        while true {
            switch try await listener.next(waitsForStoring: inquiry.waitsForStoring) {
            case .bytes(let buffer):
                guard buffer.readableBytes <= AnswerLimits.eventBytes - body.count else {
                    throw GatewayError(
                        .upstreamInvalidResponse,
                        "The upstream answers with more than \(AnswerLimits.eventBytes) bytes that are no stream.")
                }
                body += buffer.readableBytesView
            case .end(let ending):
                if let error = ending.error { throw error }
                disclosure.stored = ending.stored
                listener.leave()
                return Reply(status: head.status, fields: head.fields + disclosure.headerFields, body: .bytes(body))
            }
        }
    }
}
