import ArgumentParser
import FoundationEssentials
import GatewayCore

/// What both commands are told.
struct GatewayOptions: ParsableArguments {
    @Option(help: "A YAML file. (default: SEMBLANCE_GATEWAY_CONFIG)") var config: String?
    @Option(help: "Where to listen: 127.0.0.1:8077, [::1]:8077 or unix:/path. (default: 127.0.0.1:8077)")
    var listen: String?
    @Option(help: "Where the cache service is. (default: 127.0.0.1:7707)") var cache: String?
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Any setting of the file, repeatable: --set cache.timeout=100ms", valueName: "key=value"))
    var settings: [String] = []

    /// - Throws: `ExitCode` after everything that is wrong has been printed.
    func readConfiguration() throws -> GatewayConfiguration {
        var environment = ProcessInfo.processInfo.environment
        let path = config ?? environment["SEMBLANCE_GATEWAY_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        // It says where the configuration is, and is no part of it.
        environment["SEMBLANCE_GATEWAY_CONFIG"] = nil
        do {
            var options: [String: String] = [:]
            for setting in settings {
                let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[0].isEmpty else {
                    throw ConfigurationFile.Problem("--set needs key=value, not '\(setting)'")
                }
                options[String(parts[0])] = String(parts[1])
            }
            if let listen { options["listen"] = listen }
            if let cache { options["cache.address"] = cache }
            let file = try path.flatMap { try ConfigurationFile.read($0) }
            return try GatewayConfiguration(
                file: file, fileName: path ?? "gateway.yaml", options: options, environment: environment)
        } catch {
            Terminal.error("\(error)")
            throw ExitCode(78)
        }
    }
}
