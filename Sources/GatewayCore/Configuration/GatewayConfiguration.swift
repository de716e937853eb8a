package import CacheModel

/// Everything that can be set about the gateway, read and checked.
package struct GatewayConfiguration: Sendable {
    package struct Cache: Hashable, Sendable {
        package var address: ServiceLocation
        package var token: Secret?
        /// Nil for connections that are not encrypted.
        package var tls: CacheTLS?
        /// Of requests that name none.
        package var namespace: String
        /// Those that requests may name; nil for any.
        package var allowedNamespaces: Set<Name>?
        /// How long a lookup may take before the gateway goes on without it.
        package var timeoutMilliseconds: Int64
    }

    /// How connections to the cache are encrypted. All are paths of PEM files, but the name.
    package struct CacheTLS: Hashable, Sendable {
        /// Nil for the authorities that the system trusts.
        package var authority: String?
        /// Nil for the host of the address.
        package var serverName: String?
        package var certificate: String?
        package var key: String?
    }

    /// What makes embeddings of questions.
    package enum Encoder: Hashable, Sendable {
        case none
        /// In this process, from the files of a model in this folder.
        case builtIn(folder: String)
        case remote(RemoteEncoder)

        var isBuiltIn: Bool {
            if case .builtIn = self { return true }
            return false
        }
    }

    /// A server with OpenAI's `/v1/embeddings`.
    package struct RemoteEncoder: Hashable, Sendable {
        package var baseURL: BaseURL
        package var model: String
        package var key: Secret?
        package var timeoutMilliseconds: Int64

        package var address: String { baseURL.joined(ModelAPI.embeddings.path, .openAICompatible) }
    }

    package struct Retries: Hashable, Sendable {
        package var rule: RetryRule
        package var budget: RetryBudget.Settings
    }

    /// What one request, and all together, may use.
    package struct Bounds: Hashable, Sendable {
        package var requestBytes: Int
        package var requestCount: Int
    }

    package struct Webhooks: Hashable, Sendable {
        /// For our own form, and for mappings that have none of their own.
        package var verifier: WebhookVerifier
        /// Of news that names none.
        package var namespace: String
        package var mappings: [String: Mapping]
    }

    package struct Mapping: Hashable, Sendable {
        package var mapping: WebhookMapping
        package var verifier: WebhookVerifier
    }

    package var listen: ServiceLocation
    package var cache: Cache
    package var routes: RouteTable
    package var useCases: [UseCase]
    package var encoder: Encoder
    /// Weights of a match model and its adapter; nil for guards alone.
    package var matcherFolder: String?
    package var breaker: CircuitBreaker.Settings
    package var retries: Retries
    package var bounds: Bounds
    package var webhooks: Webhooks
    /// Every setting, in the order of its reading.
    package var settings: [ConfigurationSetting]

    package var policy: CachePolicy {
        CachePolicy(
            namespace: cache.namespace, allowedNamespaces: cache.allowedNamespaces, hasEncoder: encoder != .none,
            useCases: useCases)
    }

    /// Every setting on a line of its own, with where it came from; secrets are masked.
    package func explain() -> String {
        let lines = settings.map { setting in
            ("\(setting.key): \(setting.value ?? "(not set)")", setting.origin.description)
        }
        let width = min(lines.map(\.0.count).max() ?? 0, 72)
        return lines.map { text, origin in
            text + String(repeating: " ", count: max(1, width - text.count + 2)) + "# \(origin)\n"
        }
        .joined()
    }
}
