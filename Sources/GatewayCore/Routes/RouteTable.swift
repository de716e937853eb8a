import CacheModel

/// Which upstream answers for a model, and by what name it knows it.
package struct Route: Hashable, Sendable {
    package var pattern: NamePattern
    package var upstream: String
    /// The upstream's name of the model; a star stands for what the pattern's star stood for. Nil for the client's
    /// name.
    package var model: String?

    package init(_ pattern: NamePattern, upstream: String, model: String? = nil) {
        self.pattern = pattern
        self.upstream = upstream
        self.model = model
    }

    var leadsToEncoder: Bool { upstream == RouteTable.encoderTarget }

    /// The upstream's name of a model; nil when the pattern does not match it.
    func rewritten(_ name: String) -> String? {
        guard let rest = pattern.match(name) else { return nil }
        guard let model else { return name }
        let (before, after) = HeaderList.halves(model[...], at: UInt8(ascii: "*"))
        return after.map { String(before + rest + $0) } ?? model
    }
}

/// A request's way to its model.
package struct RoutedModel: Hashable, Sendable {
    package var upstream: Upstream
    /// What the upstream is asked for.
    package var model: String
    /// For `x-semblance-route-reason`.
    package var reason: String
}

/// All routes. A model goes where the pattern says that says most of its name.
package struct RouteTable: Hashable, Sendable {
    /// What is wrong with routes, and with which.
    package enum Problem: Error, Hashable, Sendable {
        case unknownUpstream(NamePattern, upstream: String)
        case duplicate(NamePattern)
        /// Both match the same names and say equally much of them.
        case ambiguous(NamePattern, NamePattern)
        /// The gateway's own encoder has one model, and its name is nobody's to choose.
        case encoderModel(NamePattern)
        /// Only one star, and only where the pattern has one.
        case model(NamePattern, String)
    }

    /// Where a route leads whose embeddings are made in the gateway: the name of no upstream.
    package static let encoderTarget = "built-in"

    private let exact: [Name: Route]
    /// Those that say most first.
    private let families: [Route]
    private let upstreams: [String: Upstream]
    /// In the order of the configuration.
    package let routes: [Route]

    package init(_ routes: [Route], upstreams: [Upstream]) throws(Problem) {
        self.routes = routes
        self.upstreams = Dictionary(upstreams.map { ($0.name, $0) }) { _, last in last }
        var exact: [Name: Route] = [:]
        var families: [Route] = []
        for route in routes {
            if route.leadsToEncoder {
                guard route.model == nil else { throw .encoderModel(route.pattern) }
            } else if self.upstreams[route.upstream] == nil {
                throw .unknownUpstream(route.pattern, upstream: route.upstream)
            }
            if let model = route.model {
                let stars = model.utf8.count { $0 == UInt8(ascii: "*") }
                guard stars <= (route.pattern.isExact ? 0 : 1),
                    (1...GatewayLimits.modelBytes).contains(model.utf8.count)
                else { throw .model(route.pattern, model) }
            }
            if route.pattern.isExact {
                guard exact.updateValue(route, forKey: Name(route.pattern.description)) == nil else {
                    throw .duplicate(route.pattern)
                }
                continue
            }
            for other in families where other.pattern.literalCount == route.pattern.literalCount {
                guard other.pattern != route.pattern else { throw .duplicate(route.pattern) }
                guard !other.pattern.overlaps(route.pattern) else { throw .ambiguous(other.pattern, route.pattern) }
            }
            families.append(route)
        }
        self.exact = exact
        self.families = families.sorted { $0.pattern.literalCount > $1.pattern.literalCount }
    }

    /// - Throws: `model_not_found` for a model without a route, and for one whose upstream has no such endpoint.
    package func route(_ model: String, _ api: ModelAPI) throws(GatewayError) -> RoutedModel {
        guard model.utf8.count <= GatewayLimits.modelBytes else {
            throw GatewayError(
                .modelNotFound, "A model's name has at most \(GatewayLimits.modelBytes) bytes.", parameter: "model")
        }
        let route = route(of: model)
        if route?.leadsToEncoder ?? false {
            throw GatewayError(
                .modelNotFound, "The model '\(model)' is the gateway's own encoder, which has no \(api.path).",
                parameter: "model")
        }
        guard let route, let name = route.rewritten(model), let upstream = upstreams[route.upstream] else {
            let suggestion = NearestName.suggestion(for: model, in: exact.keys.map(\.text))
            throw GatewayError(
                .modelNotFound,
                "No route is configured for the model '\(model)'\(suggestion.isEmpty ? "." : suggestion)",
                parameter: "model")
        }
        guard upstream.kind.serves(api) else {
            throw GatewayError(
                .modelNotFound,
                "The model '\(model)' is routed to '\(upstream.name)', which has no \(api.path): it is of the kind "
                    + "\(upstream.kind.rawValue).", parameter: "model")
        }
        guard name.utf8.count <= GatewayLimits.modelBytes else {
            throw GatewayError(.modelNotFound, "The upstream's name of the model is too long.", parameter: "model")
        }
        return RoutedModel(upstream: upstream, model: name, reason: "route \(route.pattern)")
    }

    /// Whether embeddings by this model are made in the gateway: where its route says so, or where no route is for this
    /// very name, and it is the encoder's.
    package func leadsToEncoder(_ model: String, encoder: String) -> Bool {
        if exact[Name(model)] == nil, Name(model) == Name(encoder) { return true }
        return route(of: model)?.leadsToEncoder ?? false
    }

    private func route(of model: String) -> Route? {
        exact[Name(model)] ?? families.first { $0.pattern.match(model) != nil }
    }

    package func upstream(_ name: String) -> Upstream? { upstreams[name] }
}
