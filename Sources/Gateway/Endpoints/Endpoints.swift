import GatewayCore

/// Everybody who answers requests.
struct Endpoints: Sendable {
    let policy: CachePolicy
    let routes: RouteTable
    let model: ModelEndpoint
    /// Nil without an encoder in this process.
    let embeddings: EmbeddingsEndpoint?
    let models: ModelListEndpoint
    let lease: LeaseEndpoint
    let invalidations: InvalidationEndpoint
    let status: StatusEndpoint
    let welcome: WelcomePage
}
