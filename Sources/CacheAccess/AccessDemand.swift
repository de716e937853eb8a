/// What a request asks of whoever sends it.
package struct AccessDemand: Hashable, Sendable {
    /// What a request is about.
    package enum Place: Hashable, Sendable {
        /// Nothing that a token would be limited to.
        case nowhere
        case namespace(String)
        /// All of them.
        case namespaces([String])
        /// The store as a whole: only tokens for all namespaces reach it.
        case store
    }

    /// Any one of these is enough; none: every token is.
    package var scopes: AccessScopes
    package var place: Place

    package init(_ scopes: AccessScopes, _ place: Place) {
        self.scopes = scopes
        self.place = place
    }

    package static let nothing = AccessDemand([], .nowhere)
}
