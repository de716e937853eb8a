import CacheModel
import GatewayCore
import PromptMatching
import SemblanceClient

/// The cache service as a request sees it: it answers within its time, or the request goes on without it.
///
/// While the service fails it is not asked, so that requests do not wait for it one after the other.
package struct CacheGateway: Sendable {
    private let clients: CacheClients
    var client: SemblanceClient { clients.here }
    private let lookupTimeout: Duration
    private let breaker: SharedBreaker

    /// At least: storing is not in anybody's way, but a response that comes whole waits for it.
    private static let insertTimeout = Duration.seconds(2)
    /// Candidates that are looked at, best first.
    package static let neighborCount = 8

    init(clients: CacheClients, timeoutMilliseconds: Int64, breaker: CircuitBreaker.Settings) {
        self.clients = clients
        lookupTimeout = .milliseconds(timeoutMilliseconds)
        self.breaker = SharedBreaker(breaker)
    }

    // MARK: Looking up

    /// The answer to the same question, letter for letter.
    func exact(_ inquiry: Inquiry) async throws(CacheError) -> LookupReply {
        let lookup = Lookup(
            scope: inquiry.fingerprint.scope, key: inquiry.fingerprint.key,
            maximumAgeMilliseconds: inquiry.decision.maximumAgeMilliseconds, sources: inquiry.sources)
        return try await attempt { try await client.lookup(lookup, in: inquiry.decision.namespace, timeout: $0) }
    }

    /// What was found among questions that mean nearly the same.
    struct Finding: Sendable {
        var reply: LookupReply
        /// The best candidate that was taken, with its payload.
        var hit: Hit?
        /// Of the one that was taken, else of the nearest that was looked at.
        var verdict: Verdict?
        /// Why each of the others was not.
        var vetoes: [CacheReason] = []
    }

    /// The answer to a question that means the same.
    func semantic(
        _ inquiry: Inquiry, text: String, vector: [Float], bar: MatchBar, judge: CandidateJudge
    ) async throws(CacheError) -> Finding {
        let lookup = Lookup(
            scope: inquiry.fingerprint.scope, vector: vector, threshold: bar.similarity, neighbors: Self.neighborCount,
            maximumAgeMilliseconds: inquiry.decision.maximumAgeMilliseconds, sources: inquiry.sources)
        let reply = try await attempt { try await client.lookup(lookup, in: inquiry.decision.namespace, timeout: $0) }
        guard case .hits(let hits) = reply.outcome else { return Finding(reply: reply) }
        var finding = Finding(reply: reply)
        let prompt = PromptText(text)
        for hit in hits {
            // Without its question nobody can tell whether it asks the same.
            guard let stored = hit.entry.prompt else { continue }
            guard inquiry.isCovered(by: hit.entry) else {
                finding.vetoes.append(.otherData)
                continue
            }
            let verdict = judge.verdict(
                on: Candidate(
                    prompt: prompt, storedPrompt: stored, similarity: hit.similarity, guards: inquiry.decision.guards,
                    bar: bar))
            if let veto = verdict.veto {
                finding.vetoes.append(veto)
            } else if let whole = try await complete(hit, inquiry) {
                finding.hit = whole
                finding.verdict = verdict
                return finding
            }
            finding.verdict = finding.verdict ?? verdict
        }
        return finding
    }

    /// A hit with its payload, which a lookup sends for the best one only; nil when it is gone by now.
    private func complete(_ hit: Hit, _ inquiry: Inquiry) async throws(CacheError) -> Hit? {
        guard hit.entry.payload == nil else { return hit }
        do {
            var whole = hit
            whole.entry = try await attempt {
                try await client.entry(
                    hit.entry.identifier, in: inquiry.decision.namespace, scope: inquiry.fingerprint.scope, timeout: $0)
            }
            return whole
        } catch {
            guard error.code == .entryNotFound else { throw error }
            return nil
        }
    }

    // MARK: Leases and storing

    func lease(in namespace: String) async throws(CacheError) -> Lease {
        try await attempt { try await client.lease(in: namespace, timeout: $0) }
    }

    func insert(
        _ insertion: Insertion, in namespace: String, model: String
    ) async throws(CacheError) -> EntryIdentifier {
        try await attempt(timeout: max(Self.insertTimeout, lookupTimeout)) {
            try await client.insert(insertion, in: namespace, model: model, timeout: $0)
        }
    }

    // MARK: The service

    func isReachable() async -> Bool {
        do {
            _ = try await client.ping(timeout: lookupTimeout)
            return true
        } catch {
            return false
        }
    }

    private func attempt<Value: Sendable>(
        timeout: Duration? = nil, _ operation: (Duration) async throws -> Value
    ) async throws(CacheError) -> Value {
        guard case .allowed(let ticket) = breaker.permission() else {
            throw CacheError(.connectionFailed, "the cache service fails and is left alone for a while")
        }
        do {
            let value = try await operation(timeout ?? lookupTimeout)
            breaker.report(ticket, succeeded: true)
            return value
        } catch let error as CacheError {
            breaker.report(ticket, succeeded: CacheReason(error) != .cacheUnavailable)
            throw error
        } catch {
            breaker.abandon(ticket)
            throw CacheError(.connectionClosed, "the request was cancelled")
        }
    }
}
