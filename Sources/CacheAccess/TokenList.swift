package import CacheModel

/// All tokens of a service, as a plain value: who is let in, and how tokens come and go.
package struct TokenList: Hashable, Sendable {
    /// In the order in which they were made.
    package private(set) var records: [TokenRecord] = []

    package init() {}

    /// - Throws: `invalid-argument` for records that cannot be true together.
    package init(_ records: [TokenRecord]) throws(CacheError) {
        self.records = records
        try validate()
    }

    private func validate() throws(CacheError) {
        guard records.count <= Limits.tokenCount else {
            throw CacheError(.limitExceeded, "there are at most \(Limits.tokenCount) tokens")
        }
        var names: Set<String> = []
        var digests: Set<TokenDigest> = []
        for record in records {
            try record.validate()
            guard names.insert(record.name).inserted, record.secrets.allSatisfy({ digests.insert($0.digest).inserted })
            else {
                throw CacheError(
                    .invalidArgument, "the token '\(record.name)' is there twice", detail: ["field": "name"])
            }
        }
    }

    // MARK: Letting in

    package enum Answer: Hashable, Sendable {
        case granted(AccessGrant)
        case refused(AccessRefusal)
    }

    /// Looks at every secret whatever it finds, so that the time says nothing about how near a guess was.
    package func answer(to digest: TokenDigest, at now: Timestamp) -> Answer {
        var found: (record: TokenRecord, secret: TokenRecord.Secret)?
        for record in records {
            for secret in record.secrets where secret.digest.isSame(as: digest) { found = (record, secret) }
        }
        guard let found else { return .refused(.unknown) }
        return found.secret.holds(at: now) ? .granted(found.record.grant) : .refused(.expired)
    }

    /// The next moment after `now` at which a secret ends.
    package func nextExpiry(after now: Timestamp) -> Timestamp? {
        records.flatMap(\.secrets).compactMap(\.expiresAt).filter { $0 > now }.min()
    }

    // MARK: Coming and going

    /// - Parameter lifetimeMilliseconds: nil for a token that does not expire.
    /// - Throws: `invalid-argument`; `limit-exceeded`.
    package mutating func create(
        _ name: String, scopes: AccessScopes, namespaces: [NamespacePattern], token: AccessToken,
        lifetimeMilliseconds: Int64?, now: Timestamp
    ) throws(CacheError) {
        guard !records.contains(where: { $0.name == name }) else {
            throw CacheError(
                .invalidArgument,
                "there is a token '\(name)' already: rotate it, revoke it first, or take another name",
                detail: ["field": "name"])
        }
        let secret = TokenRecord.Secret(
            digest: token.digest, createdAt: now, expiresAt: lifetimeMilliseconds.map(now.advanced(byMilliseconds:)))
        var changed = self
        changed.records.append(
            TokenRecord(name: name, scopes: scopes, namespaces: namespaces, secrets: [secret]))
        try changed.validate()
        self = changed
    }

    /// Gives a token a new secret. The ones before end with the grace, if they do not end sooner.
    ///
    /// - Parameter lifetimeMilliseconds: of the new secret; nil for as long as the one before was made for.
    /// - Throws: `invalid-argument` where there is no such token; `limit-exceeded` with too many secrets at once.
    package mutating func rotate(
        _ name: String, token: AccessToken, graceMilliseconds: Int64, lifetimeMilliseconds: Int64? = nil,
        now: Timestamp
    ) throws(CacheError) {
        let index = try index(of: name)
        var record = records[index]
        let last = record.secrets.last
        let lifetime = lifetimeMilliseconds ?? last.flatMap { $0.expiresAt?.milliseconds(since: $0.createdAt) }
        let end = now.advanced(byMilliseconds: max(0, graceMilliseconds))
        record.secrets = record.secrets.compactMap { secret in
            var secret = secret
            secret.expiresAt = min(secret.expiresAt ?? end, end)
            return secret.holds(at: now) ? secret : nil
        }
        guard record.secrets.count < Limits.tokenSecretCount else {
            throw CacheError(
                .limitExceeded,
                "the token '\(name)' has \(record.secrets.count) secrets that still hold: rotate it with a --grace of 0s",
                detail: ["limit": String(Limits.tokenSecretCount)])
        }
        record.secrets.append(
            TokenRecord.Secret(
                digest: token.digest, createdAt: now, expiresAt: lifetime.map(now.advanced(byMilliseconds:))))
        var changed = self
        changed.records[index] = record
        try changed.validate()
        self = changed
    }

    /// - Throws: `invalid-argument` where there is no such token.
    @discardableResult
    package mutating func revoke(_ name: String) throws(CacheError) -> TokenRecord {
        records.remove(at: try index(of: name))
    }

    package func index(of name: String) throws(CacheError) -> Int {
        guard let index = records.firstIndex(where: { $0.name == name }) else {
            throw CacheError(.invalidArgument, "there is no token '\(name)'", detail: ["field": "name"])
        }
        return index
    }
}
