public import CacheModel

/// An answer that was computed because none was stored, and what is to be stored with it.
public struct ComputedAnswer: Hashable, Sendable {
    public var payload: [UInt8]
    public var contentType: String
    public var prompt: String?
    /// Everything that it was built from.
    public var dependencies: [Dependency]
    public var tags: [String]
    /// Nil for the namespace's default.
    public var expiresAt: Timestamp?
    /// What one hit saves, in nano-dollars.
    public var costSavedNanodollars: UInt64

    public init(
        payload: [UInt8], contentType: String = "application/octet-stream", prompt: String? = nil,
        dependencies: [Dependency] = [], tags: [String] = [], expiresAt: Timestamp? = nil,
        costSavedNanodollars: UInt64 = 0
    ) {
        self.payload = payload
        self.contentType = contentType
        self.prompt = prompt
        self.dependencies = dependencies
        self.tags = tags
        self.expiresAt = expiresAt
        self.costSavedNanodollars = costSavedNanodollars
    }

    public init(
        text: String, prompt: String? = nil, dependencies: [Dependency] = [], tags: [String] = [],
        expiresAt: Timestamp? = nil, costSavedNanodollars: UInt64 = 0
    ) {
        self.init(
            payload: Array(text.utf8), contentType: "text/plain; charset=utf-8", prompt: prompt,
            dependencies: dependencies, tags: tags, expiresAt: expiresAt, costSavedNanodollars: costSavedNanodollars)
    }
}

/// An answer, wherever it came from.
public struct Answer: Hashable, Sendable {
    public enum Origin: Hashable, Sendable {
        case stored(Hit)
        /// The entry under which it is stored now, or why it is not.
        case computed(Result<EntryIdentifier, CacheError>)
    }

    public var payload: [UInt8]
    public var contentType: String
    public var origin: Origin

    /// The payload as text; nil when it is not UTF-8.
    public var text: String? { String(validating: payload, as: UTF8.self) }
}

extension SemblanceClient {
    /// The stored answer to a lookup, or else the one that `compute` makes, which is stored for the next time.
    ///
    /// The lease for storing it is the lookup's own, from *before* `compute` runs: whatever is announced about a source
    /// in the meantime keeps the answer out of the cache. Read the data inside of `compute`; of data that was read
    /// earlier, name the versions as dependencies.
    ///
    /// The cache never fails the caller: when the lookup fails, `compute` runs and nothing is stored; when storing
    /// fails, the answer is returned all the same. `Answer.origin` tells. Tasks that ask the same at the same time each
    /// compute.
    ///
    /// - Parameters:
    ///   - lookup: its scope, key and vector are also what the answer is stored under. Payloads are never left out.
    ///   - model: what made the vector; see `insert`.
    ///   - timeout: for the lookup, and again for the insert; nil for the configuration's.
    ///   - isolation: the caller's, where `compute` runs too.
    /// - Throws: what `compute` throws, and `CancellationError` when the task is cancelled before it begins.
    public func answer(
        to lookup: Lookup, in namespace: String, model: String = "", timeout: Duration? = nil,
        isolation: isolated (any Actor)? = #isolation, orCompute compute: () async throws -> ComputedAnswer
    ) async throws -> Answer {
        let lease: Lease
        switch try await storedAnswer(to: lookup, in: namespace, timeout: timeout) {
        case .success(.stored(let answer)): return answer
        case .success(.missing(let fillLease)): lease = fillLease
        case .failure(let error): return Answer(try await compute(), .failure(error))
        }
        let computed = try await compute()
        let insertion = Insertion(
            scope: lookup.scope, key: lookup.key, vector: lookup.vector, prompt: computed.prompt,
            payload: computed.payload, contentType: computed.contentType, dependencies: computed.dependencies,
            tags: computed.tags, expiresAt: computed.expiresAt, costSavedNanodollars: computed.costSavedNanodollars,
            lease: lease)
        do {
            return Answer(
                computed, .success(try await insert(insertion, in: namespace, model: model, timeout: timeout)))
        } catch let error as CacheError {
            return Answer(computed, .failure(error))
        } catch {
            // The task was cancelled: the answer is there, only the cache does without it.
            return Answer(computed, .failure(CacheError(.connectionClosed, "storing the answer was cancelled")))
        }
    }

    private enum StoredAnswer {
        case stored(Answer)
        case missing(Lease)
    }

    /// - Throws: nothing but `CancellationError`.
    private func storedAnswer(
        to lookup: Lookup, in namespace: String, timeout: Duration?
    ) async throws -> Result<StoredAnswer, CacheError> {
        var lookup = lookup
        lookup.omitsPayload = false
        do {
            let reply = try await self.lookup(lookup, in: namespace, timeout: timeout)
            // A lookup alone gets the payload of its best hit, as one frame holds the largest; without it, it is no
            // answer.
            guard let hit = reply.hit, let payload = hit.entry.payload else { return .success(.missing(reply.lease)) }
            let answer = Answer(payload: payload, contentType: hit.entry.contentType, origin: .stored(hit))
            return .success(.stored(answer))
        } catch let error as CacheError {
            return .failure(error)
        }
    }
}

extension Answer {
    fileprivate init(_ computed: ComputedAnswer, _ stored: Result<EntryIdentifier, CacheError>) {
        self.init(payload: computed.payload, contentType: computed.contentType, origin: .computed(stored))
    }
}
