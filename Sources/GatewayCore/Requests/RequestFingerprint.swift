package import CacheModel

/// Who asks and where, as far as it decides about whose answers may be shared.
package struct ScopeIdentity: Hashable, Sendable {
    /// The tenant.
    package var namespace: String
    /// Those who share entries with each other, in whatever form tells them from all others: `user:17`, `app:shop`.
    package var sharing: String
    /// The model or route by whose name answers are shared; nil for the one that the request names.
    package var model: String?
    /// What else makes a difference without being in the body, such as `anthropic-beta` headers; in a fixed order.
    package var qualifiers: [String]

    package init(namespace: String, sharing: String, model: String? = nil, qualifiers: [String] = []) {
        self.namespace = namespace
        self.sharing = sharing
        self.model = model
        self.qualifiers = qualifiers
    }
}

/// Under what a request's answer is looked up and stored.
package struct RequestFingerprint: Hashable, Sendable {
    /// Equal for requests that may share an answer if their last messages mean the same.
    package var scope: Scope
    /// Equal, in one scope, for requests that ask the same letter for letter.
    package var key: ExactKey
}

extension ModelRequest {
    /// SHA-256, cut to 128 bits, of the identity and the canonical form of everything in the body that makes a
    /// difference.
    ///
    /// The way the JSON is written makes none: white space, order of members, escapes, forms of a number. Of the rest,
    /// only what each API's list of irrelevant members names is left out.
    package func fingerprint(for identity: ScopeIdentity) -> RequestFingerprint {
        var hasher = FingerprintHasher(domain: "semblance scope 1")
        hasher.append(api.rawValue)
        hasher.append(field: identity.namespace.utf8)
        hasher.append(field: identity.sharing.utf8)
        hasher.append(field: (identity.model ?? model).utf8)
        hasher.append(field: String(identity.qualifiers.count).utf8)
        for qualifier in identity.qualifiers { hasher.append(field: qualifier.utf8) }
        var omitted = omissions
        if let model = document.member("model", of: 0) { omitted.insert(model) }
        CanonicalForm(document: document, omitted: omitted, holes: message.holes).write(to: &hasher)
        let scope = hasher.finalize()

        hasher = FingerprintHasher(domain: "semblance key 1")
        withUnsafeBytes(of: scope.bigEndian) { hasher.append($0.bindMemory(to: UInt8.self)) }
        for text in message.texts { hasher.append(field: text) }
        return RequestFingerprint(scope: Scope(scope), key: ExactKey(hasher.finalize()))
    }
}
