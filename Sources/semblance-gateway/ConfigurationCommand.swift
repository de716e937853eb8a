import ArgumentParser
import GatewayCore

struct ConfigurationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at the configuration.", subcommands: [ConfigurationCheckCommand.self])
}

struct ConfigurationCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the configuration, and say where every setting comes from.",
        discussion: """
            Exits with 78 when something is wrong with it, or with the folders of encoder and matcher that it names. \
            Secrets are masked.
            """)

    @OptionGroup var options: GatewayOptions

    func run() async throws {
        let configuration = try options.readConfiguration()
        _ = try ModelFiles(configuration)
        Terminal.output(configuration.explain())
    }
}
