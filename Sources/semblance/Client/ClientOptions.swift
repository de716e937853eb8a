import ArgumentParser
import CacheModel
import FoundationEssentials
import SemblanceClient

/// What every command that talks to a service takes.
struct ClientOptions: ParsableArguments {
    static let standardNamespace = "default"

    @Option(help: "Where the service is: host:port or unix:/path. (default: SEMBLANCE_ADDRESS or 127.0.0.1:7707)")
    var address: String?
    @Option(help: "How long to wait for the service. (default: 10s)", transform: ArgumentText.duration)
    var timeout: Int64?
    @OptionGroup var token: TokenOptions
    @OptionGroup(title: "TLS") var tls: TLSOptions
    @Flag(help: "Print one JSON document; errors go to standard error, as {\"error\": {\"code\", \"message\", …}}.")
    var json = false

    /// - Throws: `invalid-configuration`, naming the option or the variable.
    func resolvedAddress(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CacheError) -> ServiceAddress {
        let (text, origin) = Self.choose(address, "--address", environment, "SEMBLANCE_ADDRESS")
        guard let text else { return .standard }
        do {
            return try ServiceAddress(parsing: text)
        } catch {
            throw CacheError(
                .invalidConfiguration, "\(origin) is '\(text)': \(error.message)", detail: ["key": origin, "got": text])
        }
    }

    /// What all clients of this program have in common: they show the token.
    ///
    /// - Throws: `invalid-configuration` for a token that cannot be one.
    func configuration(
        as name: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CacheError) -> ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.clientName = "semblance \(name)"
        configuration.token = try token.resolved(environment: environment)
        configuration.tls = try tls.resolved(environment: environment)
        configuration.connectionLimit = 1
        if let timeout { configuration.requestTimeout = .milliseconds(timeout) }
        return configuration
    }

    /// The flag, or else the variable unless it is empty; and which it was.
    static func choose(
        _ flag: String?, _ flagName: String, _ environment: [String: String], _ variable: String
    ) -> (text: String?, origin: String) {
        if let flag { return (flag, flagName) }
        guard let text = environment[variable], !text.isEmpty else { return (nil, flagName) }
        return (text, variable)
    }
}

struct NamespaceOptions: ParsableArguments {
    @Option(help: "The namespace. (default: SEMBLANCE_NAMESPACE or default)")
    var namespace: String?

    /// - Parameter standard: the name where nobody says; nil for `default`.
    func resolved(
        default standard: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CacheError) -> String {
        let (text, origin) = ClientOptions.choose(namespace, "--namespace", environment, "SEMBLANCE_NAMESPACE")
        let name = text ?? standard ?? ClientOptions.standardNamespace
        guard (1...Limits.namespaceBytes).contains(name.utf8.count) else {
            throw CacheError(
                .invalidConfiguration,
                "\(origin) is '\(name)': a namespace's name has 1 through \(Limits.namespaceBytes) bytes",
                detail: ["key": origin, "got": name])
        }
        return name
    }
}
