import Foundation
import Testing

/// The program as it was built beside these tests, run as a process.
enum BuiltExecutable {
    struct Outcome: Sendable {
        var exitCode: Int32
        var output: String
        var error: String

        /// The output as a JSON object.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
        }
    }

    static var url: URL {
        #if os(Linux)
            let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? URL(filePath: ".")
        #endif
        return tests.deletingLastPathComponent().appending(path: "semblance")
    }

    /// A process that has been started; its output goes to files.
    final class Running: @unchecked Sendable {  // Process is only told to end, which is safe from anywhere.
        let process = Process()
        let folder: TemporaryFolder

        init(_ arguments: [String], environment: [String: String], in directory: String?) throws {
            folder = try TemporaryFolder()
            process.executableURL = url
            process.arguments = arguments
            var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SEMBLANCE_") }
            variables["SWIFT_BACKTRACE"] = "enable=no"
            process.environment = variables.merging(environment) { $1 }
            if let directory { process.currentDirectoryURL = URL(filePath: directory) }
            for name in ["output", "error"] { try folder.write(name, "") }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder.file("output")))
            process.standardError = try FileHandle(forWritingTo: URL(filePath: folder.file("error")))
        }

        func outcome() async throws -> Outcome {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                process.terminationHandler = { _ in continuation.resume() }
                do {
                    try process.run()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
            return Outcome(
                exitCode: process.terminationStatus, output: try folder.text("output"), error: try folder.text("error"))
        }
    }

    /// Runs it where no file may grow beyond so many blocks of 512 bytes: as good as a full disk.
    static func run(_ arguments: [String], fileBlocks: Int) async throws -> Outcome {
        let running = try Running([], environment: [:], in: nil)
        running.process.executableURL = URL(filePath: "/bin/sh")
        running.process.arguments = ["-c", #"ulimit -f "$0" && exec "$@""#, "\(fileBlocks)", url.path] + arguments
        return try await running.outcome()
    }

    static func run(
        _ arguments: [String], environment: [String: String] = [:], in directory: String? = nil
    ) async throws -> Outcome {
        try await Running(arguments, environment: environment, in: directory).outcome()
    }

    /// Runs the service until `body` has ended, then asks it to stop. Without `--metrics-listen` it serves no metrics.
    static func serve<Value: Sendable>(
        _ arguments: [String], environment: [String: String] = [:],
        _ body: @Sendable (_ address: String) async throws -> Value
    ) async throws -> (value: Value, outcome: Outcome) {
        let quiet = ["--metrics-listen", "off"] + arguments
        return try await serve(quiet, environment: environment) { address, _ in try await body(address) }
    }

    /// - Parameter body: is given everything that the service has printed when it listens, too.
    static func serve<Value: Sendable>(
        _ arguments: [String], environment: [String: String] = [:],
        _ body: @Sendable (_ address: String, _ greeting: String) async throws -> Value
    ) async throws -> (value: Value, outcome: Outcome) {
        let running = try Running(["serve", "--listen", "127.0.0.1:0"] + arguments, environment: environment, in: nil)
        async let outcome = running.outcome()
        let value: Result<Value, any Error>
        do {
            let (address, greeting) = try await listening(running)
            value = .success(try await body(address, greeting))
        } catch {
            value = .failure(error)
        }
        if running.process.isRunning { running.process.terminate() }
        return (try value.get(), try await outcome)
    }

    /// Waits for the lines that tell where the service listens.
    private static func listening(_ running: Running) async throws -> (address: String, greeting: String) {
        let clock = ContinuousClock()
        // Generous, as the other tests may keep all threads busy meanwhile.
        let deadline = clock.now + .seconds(600)
        while clock.now < deadline {
            let output = try running.folder.text("output")
            if output.contains("Listening."), let match = output.firstMatch(of: #/address +(\S+)/#) {
                return (String(match.1), output)
            }
            // Nothing tells when a file has grown; the wait ends with the first line of the service.
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("the service did not say that it listens: \(try running.folder.text("error"))")
        return ("127.0.0.1:1", "")
    }
}
