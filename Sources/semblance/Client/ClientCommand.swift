import ArgumentParser
import CacheModel
import SemblanceClient

/// What a command shows when it has done its work.
struct CommandOutput {
    var lines: [String]
    var json: JSONText
    /// Written as they are, in the place of the lines.
    var bytes: [UInt8]?

    init(_ lines: [String], json: JSONText) {
        self.lines = lines
        self.json = json
    }
}

/// A command that asks a service something and shows the answer.
protocol ClientCommand: AsyncParsableCommand {
    var client: ClientOptions { get }

    /// - Throws: `CacheError`; the command then ends with exit code 1.
    func run(_ client: SemblanceClient) async throws -> CommandOutput
}

extension ClientCommand {
    func run() async throws {
        var named: ServiceAddress?
        do {
            let address = try client.resolvedAddress()
            named = address
            let configuration = try client.configuration(as: Self.configuration.commandName ?? "command line")
            let service = try SemblanceClient(address: address, configuration: configuration)
            let output = try await run(service)
            if client.json {
                Terminal.output.line(output.json.line)
            } else if let bytes = output.bytes {
                bytes.withUnsafeBytes(Terminal.output.write)
            } else {
                for line in output.lines { Terminal.output.line(line) }
            }
            await service.close()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            ErrorReport(error, address: named?.description).print(asJSON: client.json)
            throw ErrorReport.Exit.failed
        }
    }
}

/// What a request answered, and how long it took from here.
struct Measured<Value> {
    var value: Value
    var roundTrip: Duration
}

extension SemblanceClient {
    /// Measures one request on a connection that is open already: connecting is not part of a round trip.
    func measured<Value>(
        isolation: isolated (any Actor)? = #isolation, _ request: () async throws -> Value
    ) async throws -> Measured<Value> {
        _ = try await information()
        let clock = ContinuousClock()
        let start = clock.now
        let value = try await request()
        return Measured(value: value, roundTrip: clock.now - start)
    }
}
