import ArgumentParser
import Gateway

@main
enum Main {
    static func main() async {
        TaskThreads.joinEventLoops()
        await SemblanceGateway.main()
    }
}

struct SemblanceGateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "semblance-gateway",
        abstract: "A gateway for LLM providers that answers from the cache what has been answered before.",
        subcommands: [
            ServeCommand.self, ConfigurationCommand.self, SimulateCommand.self, DemoCommand.self,
            MatcherCommand.self, ReplayCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)
}
