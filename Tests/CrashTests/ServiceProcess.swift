import Foundation
import SemblanceClient
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A real `semblance serve` on a data directory, in a process of its own that can be killed.
final class ServiceProcess {
    private let process = Process()
    let client: SemblanceClient

    /// Starts the service and returns when it answers.
    init(data: String, socket: String) async throws {
        let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("semblance")
        process.executableURL = executable
        process.arguments = [
            "serve", "--listen", "unix:\(socket)", "--metrics-listen", "off", "--data", data, "--log-level", "error",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.standardError
        try process.run()
        var configuration = ClientConfiguration()
        configuration.requestTimeout = .seconds(300)
        client = try SemblanceClient(address: .unixSocket(path: socket), configuration: configuration)
        try await waitUntilReady()
    }

    private func waitUntilReady() async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(600))
        while true {
            do {
                _ = try await client.ping()
                return
            } catch {
                // Each attempt waits for the client's own delay between connections.
                guard process.isRunning, ContinuousClock.now < deadline else { throw error }
                await Task.yield()
            }
        }
    }

    /// Takes the process away in the middle of whatever it does.
    func killNow() async {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        await client.close()
    }
}
