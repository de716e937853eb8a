import ArgumentParser
import CacheModel
import SemblanceClient

struct FenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fence", abstract: "Deal with a store that has lost what it knew of its sources.",
        discussion: """
            A store that was damaged or restored refuses answers that depend on a source until that source is \
            announced again \
            with the store's present incarnation: `semblance invalidate SOURCE@VERSION --incarnation HEX`.
            """,
        subcommands: [LiftFence.self])
}

struct LiftFence: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "lift", abstract: "Vouch for the freshness of everything that is stored.")

    @OptionGroup var client: ClientOptions

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let position = try await service.liftFence()
        return CommandOutput(
            ["the fence is lifted, position \(position)"], json: .fields(["position": .text(position.description)]))
    }
}
