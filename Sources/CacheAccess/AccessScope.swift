/// What a token may be good for. Scopes do not include one another: an admin that also looks up has both.
///
/// Which request asks for which is `Request.demand` in `CacheServer`.
package enum AccessScope: String, Hashable, Sendable, CaseIterable {
    /// Looking up and reading entries.
    case lookup
    /// Storing entries, and making a namespace by storing the first one.
    case insert
    /// Announcing changes, purging and deleting: what makes the cache forget.
    case invalidate
    /// Namespaces with their settings, statistics, the fence.
    case admin
}

/// Several scopes.
package struct AccessScopes: OptionSet, Hashable, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package init(_ scopes: some Sequence<AccessScope>) {
        self = scopes.reduce(into: []) { $0.formUnion(AccessScopes($1)) }
    }

    private init(_ scope: AccessScope) {
        switch scope {
        case .lookup: self = .lookup
        case .insert: self = .insert
        case .invalidate: self = .invalidate
        case .admin: self = .admin
        }
    }

    package static let lookup = AccessScopes(rawValue: 1)
    package static let insert = AccessScopes(rawValue: 2)
    package static let invalidate = AccessScopes(rawValue: 4)
    package static let admin = AccessScopes(rawValue: 8)
    package static let all = AccessScopes(AccessScope.allCases)

    /// In the order in which they are declared.
    package var members: [AccessScope] { AccessScope.allCases.filter { contains(AccessScopes($0)) } }

    /// `lookup,insert`.
    package var text: String { members.map(\.rawValue).joined(separator: ",") }
}
