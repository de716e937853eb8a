package import CacheAccess
package import CacheProtocol

extension Request {
    /// What each request takes: the one place that says so. docs/SECURITY.md has the same table for people.
    package var demand: AccessDemand {
        switch self {
        // HELLO brings the token, and PING tells nothing.
        case .hello, .ping: .nothing
        // Counts over all namespaces.
        case .statistics: AccessDemand(.admin, .store)
        case .lookup(let request): AccessDemand(.lookup, .namespace(request.namespace))
        case .get(let request): AccessDemand(.lookup, .namespace(request.namespace))
        // All answers at once, whatever their scopes.
        case .scan(let request): AccessDemand(.admin, .namespace(request.namespace))
        case .insert(let request): AccessDemand(.insert, .namespace(request.namespace))
        // Whoever inserts needs one from before it reads; whoever announces looks at what is true now.
        case .lease(let request): AccessDemand([.insert, .invalidate], .namespace(request.namespace))
        case .delete(let request): AccessDemand(.invalidate, .namespace(request.namespace))
        case .invalidate(let request): AccessDemand(.invalidate, .namespace(request.namespace))
        case .purge(let request): AccessDemand(.invalidate, .namespace(request.namespace))
        // It vouches for every namespace at once.
        case .liftFence: AccessDemand(.admin, .store)
        case .createNamespace(let request): AccessDemand(.admin, .namespace(request.name))
        case .dropNamespace(let name): AccessDemand(.admin, .namespace(name))
        // What is known of the one tells the other what has changed.
        case .follow(let request):
            AccessDemand(.admin, .namespaces([request.namespace] + (request.followed.map { [$0] } ?? [])))
        // The reply holds only those that the token is for.
        case .listNamespaces: .nothing
        }
    }
}
