package import CacheModel

/// What somebody who was let in may do.
package struct AccessGrant: Hashable, Sendable {
    /// Of the token; empty where none is asked for.
    package var name: String
    package var scopes: AccessScopes
    package var namespaces: [NamespacePattern]

    package init(name: String, scopes: AccessScopes, namespaces: [NamespacePattern]) {
        self.name = name
        self.scopes = scopes
        self.namespaces = namespaces
    }

    /// Where no tokens are asked for.
    package static let everything = AccessGrant(name: "", scopes: .all, namespaces: [.all])

    /// Whether there is any request that it is not good for.
    package var lacksAnything: Bool { scopes != .all || !namespaces.contains(where: \.matchesAll) }

    package func reaches(_ namespace: String) -> Bool { namespaces.contains { $0.matches(namespace) } }

    /// What is missing for a request, the scope before the place; nil when nothing is.
    package enum Lack: Hashable, Sendable {
        /// One of them would be enough.
        case scope(AccessScopes)
        case namespace(String)
        case store
    }

    package func lack(for demand: AccessDemand) -> Lack? {
        guard demand.scopes.isEmpty || !scopes.isDisjoint(with: demand.scopes) else { return .scope(demand.scopes) }
        switch demand.place {
        case .nowhere: return nil
        case .namespace(let name): return reaches(name) ? nil : .namespace(name)
        case .namespaces(let names): return names.first { !reaches($0) }.map(Lack.namespace)
        case .store: return namespaces.contains(where: \.matchesAll) ? nil : .store
        }
    }

    package func error(for lack: Lack) -> CacheError {
        switch lack {
        case .scope(let scopes):
            let names = scopes.members.map(\.rawValue).joined(separator: " or ")
            return CacheError(
                .forbidden, "the token '\(name)' does not have the scope that this takes: \(names)",
                detail: ["scope": scopes.text])
        case .namespace(let namespace):
            return CacheError(
                .forbidden, "the token '\(name)' is not for this namespace", detail: ["namespace": namespace])
        case .store:
            return CacheError(
                .forbidden, "this concerns the store as a whole, and the token '\(name)' is not for all namespaces",
                detail: ["namespace": NamespacePattern.all.text])
        }
    }
}
