import ArgumentParser
import CacheAccess
import CacheModel
import CacheStorage
import FoundationEssentials

/// Where the tokens are: the same place that `serve` finds with the same options.
struct TokenFileOptions: ParsableArguments {
    @Option(help: "The token file. (default: SEMBLANCE_TOKENS, or tokens.json in the data directory)")
    var tokens: String?
    @Option(help: "The data directory. (default: SEMBLANCE_DATA, or ./var/semblance)") var data: String?
    @Option(help: "The JSON file that the service runs with. (default: SEMBLANCE_CONFIG)") var config: String?
    @Flag(help: "Print one JSON document; errors go to standard error, as {\"error\": {\"code\", \"message\", …}}.")
    var json = false

    /// - Throws: `invalid-configuration`.
    func resolved(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws(CacheError) -> (file: TokenFile, isStandard: Bool) {
        var options: [ServeSettings.Key: [String]] = [:]
        if let tokens { options[.tokens] = [tokens] }
        if let data { options[.data] = [data] }
        let layers = try await ConfigurationLayers(
            options: options, environment: environment,
            file: ClientOptions.choose(config, "--config", environment, "SEMBLANCE_CONFIG").text)
        let settings = try ServeSettings(layers)
        return (settings.tokenFile, settings.tokens == nil)
    }
}

/// A command that reads or changes the token file, and asks no service.
protocol TokenFileCommand: AsyncParsableCommand {
    var file: TokenFileOptions { get }

    /// - Throws: `CacheError`; the command then ends with exit code 1.
    func run(_ file: TokenFile) throws -> CommandOutput
}

extension TokenFileCommand {
    func run() async throws {
        do {
            let (tokens, isStandard) = try await file.resolved()
            // The first token may well be made before the service has ever run.
            if isStandard { try DataDirectory.create(tokens.directory) }
            let output = try run(tokens)
            if file.json {
                Terminal.output.line(output.json.line)
            } else {
                for line in output.lines { Terminal.output.line(line) }
            }
        } catch {
            ErrorReport(error).print(asJSON: file.json)
            throw ErrorReport.Exit.failed
        }
    }

    /// For people, beside a secret that is alone on standard output.
    func explain(_ lines: [String]) {
        guard !file.json else { return }
        for line in lines { Terminal.error.line(line) }
    }
}
