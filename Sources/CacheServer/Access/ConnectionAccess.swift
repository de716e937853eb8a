package import CacheAccess
package import CacheModel

/// Who is at the other end of one connection, and what they may do by now.
///
/// What a token is good for is asked again whenever tokens change: one that was revoked or has run out ends its connections
/// with their next request.
package struct ConnectionAccess: Sendable {
    /// Nil where nobody is ever asked for a token.
    private let control: AccessControl?
    private var digest: TokenDigest?
    /// What the grant is worth: see `AccessControl.generation`.
    private var generation: UInt64 = 0
    package private(set) var grant = AccessGrant.everything

    package init(_ control: AccessControl?) { self.control = control }

    /// Whether nothing has changed since the token was last looked at: it still holds.
    package var isCurrent: Bool { control.map { $0.generation == generation } ?? true }

    /// Takes the token of HELLO.
    ///
    /// - Returns: why the connection is to be ended; nil when all is well.
    package mutating func greet(token: [UInt8]) -> AccessRefusal? {
        guard control != nil else { return nil }
        digest = AccessToken(parsing: token)?.digest
        return ask(isMissing: token.isEmpty)
    }

    /// Whether a request may be carried out; asked before anything is done with it.
    ///
    /// - Returns: nil when it may.
    package mutating func refusal(of demand: @autoclosure () -> AccessDemand) -> Refusal? {
        guard let control else { return nil }
        if control.generation != generation, let refusal = ask(isMissing: digest == nil) {
            return .unauthenticated(refusal)
        }
        // Where no tokens are asked for everybody has everything.
        guard grant.lacksAnything else { return nil }
        return grant.lack(for: demand()).map { .forbidden($0, grant.error(for: $0)) }
    }

    package enum Refusal: Hashable, Sendable {
        /// Ends the connection.
        case unauthenticated(AccessRefusal)
        case forbidden(AccessGrant.Lack, CacheError)
    }

    private mutating func ask(isMissing: Bool) -> AccessRefusal? {
        guard let control else { return nil }
        let (answer, generation) = control.answer(to: digest)
        switch answer {
        case .granted(let grant):
            self.grant = grant
            self.generation = generation
            return nil
        // What cannot be a token at all is an unknown one.
        case .refused(.missing) where !isMissing: return .unknown
        case .refused(let refusal): return refusal
        }
    }
}
