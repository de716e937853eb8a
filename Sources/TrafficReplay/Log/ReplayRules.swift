import Gateway
package import GatewayCore

/// What the gateway would do with a request, were it configured like this.
package struct ReplayRules: Sendable {
    package var policy: CachePolicy
    package var routes: RouteTable
    package var prices: PriceTable
    /// Of requests whose line names none.
    package var assumedModel = "unknown"
    /// Use cases whose threshold is varied.
    package let sweptUseCases: [String]

    /// Stands for the threshold that is varied; no configuration can say it.
    private static let swept = SemanticTarget.precision(0)

    /// - Parameters:
    ///   - useCases: those whose threshold is varied; empty for all that have semantic on, and for all there are if
    ///     none has.
    package init(_ configuration: GatewayConfiguration, prices: PriceTable, useCases: [String] = []) {
        var policy = configuration.policy
        policy.hasEncoder = true
        if policy.useCases[UseCase.defaultName] == nil {
            policy.useCases[UseCase.defaultName] = UseCase(name: UseCase.defaultName)
        }
        var names = useCases
        if names.isEmpty { names = policy.useCases.values.filter { $0.matching != nil }.map(\.name) }
        if names.isEmpty { names = policy.useCases.values.map(\.name) }
        for name in names { policy.useCases[name]?.matching = Self.swept }
        self.policy = policy
        routes = configuration.routes
        self.prices = prices
        sweptUseCases = names.sorted()
    }

    /// At which similarity a stored question is near enough for a request.
    enum Target: Hashable {
        /// What is varied.
        case swept
        /// By the request's own header, or its use case.
        case fixed(SemanticTarget)
    }

    static func target(_ target: SemanticTarget) -> Target { target == swept ? .swept : .fixed(target) }
}
