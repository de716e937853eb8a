package import CacheModel

/// Why a client is not let in. It is told none of this: whoever guesses shall not learn what was near.
package enum AccessRefusal: String, Error, Hashable, Sendable, CaseIterable {
    /// There was no token at all.
    case missing
    /// No such token was made here, or it was revoked.
    case unknown
    case expired

    /// The same for all.
    package var error: CacheError {
        CacheError(.unauthenticated, "this service asks for a token, and none was sent that holds")
    }
}
