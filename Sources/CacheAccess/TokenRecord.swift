package import CacheModel

/// What is kept of a token: its name, what it is good for, and the digests of its secrets.
package struct TokenRecord: Hashable, Sendable {
    /// One secret of a token; a rotated token has several for a while.
    package struct Secret: Hashable, Sendable {
        package var digest: TokenDigest
        package var createdAt: Timestamp
        /// From then on it is worth nothing; nil for never.
        package var expiresAt: Timestamp?

        package func holds(at now: Timestamp) -> Bool { expiresAt.map { now < $0 } ?? true }
    }

    /// Names are shown in lists, logs and errors; they are no secrets.
    package var name: String
    package var scopes: AccessScopes
    package var namespaces: [NamespacePattern]
    /// Oldest first; the last one is the present one. Never empty.
    package var secrets: [Secret]

    package var grant: AccessGrant { AccessGrant(name: name, scopes: scopes, namespaces: namespaces) }

    /// - Throws: `invalid-argument` with the field at fault.
    func validate() throws(CacheError) {
        func require(_ holds: Bool, _ field: String, _ message: String) throws(CacheError) {
            guard holds else { throw CacheError(.invalidArgument, message, detail: ["field": field]) }
        }
        try require(
            (1...Limits.tokenNameBytes).contains(name.utf8.count) && name.utf8.allSatisfy(Self.isNameByte), "name",
            "a token's name has 1 through \(Limits.tokenNameBytes) letters, digits and any of . _ -")
        try require(!scopes.isEmpty, "scope", "the token '\(name)' needs a scope: \(AccessScopes.all.text)")
        try require(
            (1...Limits.tokenNamespaceCount).contains(namespaces.count), "namespace",
            "the token '\(name)' is for 1 through \(Limits.tokenNamespaceCount) namespaces or patterns; '*' is for all")
        try require(
            (1...Limits.tokenSecretCount).contains(secrets.count), "secrets",
            "the token '\(name)' has 1 through \(Limits.tokenSecretCount) secrets")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
