import ArgumentParser
import SemblanceClient

struct PingCommand: ClientCommand {
    static let configuration = CommandConfiguration(commandName: "ping", abstract: "Ask whether the service is there.")

    @OptionGroup var client: ClientOptions

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let information = try await service.information()
        let roundTrip = try await service.ping()
        return CommandOutput(
            [
                "semblance \(information.serverVersion) at \(service.address) answers in "
                    + NumberText.microseconds(roundTrip)
            ] + TextTable.pairs([("position", information.position.description)]),
            json: .fields([
                "address": .text(service.address.description), "version": .text(information.serverVersion),
                "protocolVersion": .integer(information.protocolVersion),
                "position": .text(information.position.description),
                "roundTripMicroseconds": .integer(roundTrip.microseconds),
            ]))
    }
}
