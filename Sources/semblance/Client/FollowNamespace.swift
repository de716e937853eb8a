import ArgumentParser
import CacheModel
import SemblanceClient

struct FollowNamespace: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow", abstract: "Have what is announced to one namespace hold in another as well.",
        discussion: """
            From then on NAME knows all that the other namespace has been told: versions, labels, bumps, purges. What \
            is announced to the other one holds in NAME in the same moment. What is announced to NAME stays there. \
            `namespace reembed` does this by itself; --none ends it, when NAME is announced to directly.
            """)

    @Argument(help: "The namespace that is to hear what another one is told.") var name: String
    @Argument(help: "The other one.") var followed: String?
    @Flag(help: "Follow no other one any more. What is known stays known.") var none = false
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard (followed == nil) == none else { throw ValidationError("name either the namespace to follow or --none") }
    }

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let position = try await service.follow(followed, by: name)
        let line = followed.map { "\(name) follows \($0)" } ?? "\(name) follows no other namespace"
        return CommandOutput(
            [line, "  position \(position)"],
            json: .fields([
                "namespace": .text(name), "follows": followed.map { .text($0) },
                "position": .text(position.description),
            ]))
    }
}
