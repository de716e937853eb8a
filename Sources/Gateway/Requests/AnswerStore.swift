import CacheModel
import GatewayCore
import Logging

/// Stores what an upstream has answered, under the lease from before it was asked.
struct AnswerStore: Sendable {
    let cache: CacheGateway
    let counters: GatewayCounters
    let logger: Logger

    /// What is known of an answer before it is there.
    struct Plan: Sendable {
        var inquiry: Inquiry
        /// Nil where `storing` says no, or needs none.
        var lease: Lease?
        var storing: CacheDecision.Storing
        /// Of the question, where it is compared by meaning.
        var vector: [Float]?
        var embeddingModel = ""
    }

    /// - Returns: whether it is stored, or why not. It never fails.
    func settle(_ answer: RecordedAnswer, _ plan: Plan) async -> Disclosure.Stored {
        let stored = await store(answer, plan)
        switch stored {
        case .yes, .pending: counters.increment(.stored)
        case .no(let reason):
            let isStale = [.staleDependency, .leaseRequired, .superseded].contains(reason)
            counters.increment(isStale ? .staleInserts : .notStored)
            logger.debug(
                "Answer not stored",
                metadata: ["reason": "\(reason.text)", "request": "\(plan.inquiry.identifier)"])
        }
        return stored
    }

    private func store(_ answer: RecordedAnswer, _ plan: Plan) async -> Disclosure.Stored {
        if case .no(let reason) = plan.storing { return .no(reason) }
        let inquiry = plan.inquiry
        let now = SystemTime.now
        do {
            let stored = try StoredAnswer(
                answer, nowSeconds: now.milliseconds / 1_000, limitBytes: inquiry.decision.answerLimitBytes)
            // Only what is compared by meaning needs its words kept.
            let prompt = plan.vector == nil ? nil : inquiry.decision.semanticText
            let insertion = Insertion(
                scope: inquiry.fingerprint.scope, key: inquiry.fingerprint.key, vector: plan.vector, prompt: prompt,
                payload: stored.encoded(), contentType: StoredAnswer.contentType,
                dependencies: inquiry.decision.dependencies, tags: inquiry.decision.tags,
                expiresAt: inquiry.decision.timeToLiveMilliseconds.map { now.advanced(byMilliseconds: $0) },
                lease: plan.lease)
            return .yes(try await insert(insertion, plan))
        } catch let exclusion as AnswerExclusion {
            return .no(.answer(exclusion))
        } catch let error as CacheError {
            return .no(CacheReason(error))
        } catch {
            return .no(.cacheUnavailable)
        }
    }

    /// A namespace that holds vectors of another encoder takes the answer all the same, without its vector: it is found
    /// letter for letter.
    private func insert(_ insertion: Insertion, _ plan: Plan) async throws(CacheError) -> EntryIdentifier {
        let namespace = plan.inquiry.decision.namespace
        do {
            return try await cache.insert(insertion, in: namespace, model: plan.embeddingModel)
        } catch {
            guard insertion.vector != nil, error.code == .modelMismatch || error.code == .dimensionMismatch else {
                throw error
            }
            logger.warning(
                "The namespace holds vectors of another encoder: its questions are compared letter for letter only",
                metadata: ["namespace": "\(namespace)", "encoder": "\(plan.embeddingModel)"])
            var plain = insertion
            plain.vector = nil
            plain.prompt = nil
            return try await cache.insert(plain, in: namespace, model: "")
        }
    }
}
