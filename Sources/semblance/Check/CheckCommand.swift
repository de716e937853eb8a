import ArgumentParser
import CacheModel
import FoundationEssentials

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read a whole store and verify every record.",
        discussion: """
            The store must not be in use, and a damaged one stays where it is. Exit codes: 0 the store is whole, 1 it \
            could not \
            be examined, 2 it is damaged.
            """)

    @Option(help: "The data directory. (default: SEMBLANCE_DATA or ./var/semblance)") var data: String?
    @Option(
        help: "As the service has it; at least the size of the file. (default: 256GiB)",
        transform: ArgumentText.byteCount)
    var mapSize: Int?
    @Flag(help: "Print one JSON document.") var json = false
    /// What the service has a child process do before it opens the store.
    @Flag(help: .hidden) var quick = false
    /// In this very process, whatever reading the store may do to it.
    @Flag(help: .hidden) var direct = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let directory = ClientOptions.choose(data, "--data", environment, "SEMBLANCE_DATA").text ?? ServeSettings().data
        let examination = StoreExamination(directory: directory, mapBytes: mapSize ?? Limits.mapBytes)
        do {
            if quick {
                if try examination.load(environment) > 0 { throw ErrorReport.Exit.partly }
            } else if direct {
                let report = try examination.walk(environment)
                if json {
                    Terminal.output.line(report.json.line)
                } else {
                    for line in report.lines { Terminal.output.line(line) }
                }
            } else {
                try await examine(directory)
            }
        } catch let exit as ExitCode {
            throw exit
        } catch {
            ErrorReport(error).print(asJSON: json)
            let isDamaged = (error as? CacheError)?.code == .storeDamaged
            throw isDamaged ? ErrorReport.Exit.partly : ErrorReport.Exit.failed
        }
    }

    /// Has a child process do the work, as damage may end whoever reads the store, and prints nothing but what the
    /// child does.
    private func examine(_ directory: String) async throws {
        var arguments = ["semblance", "check", "--direct", "--data", directory]
        if let mapSize { arguments += ["--map-size", "\(mapSize)"] }
        if json { arguments.append("--json") }
        let child = ChildProcess(executable: Executable.path, arguments: arguments, isSilent: false)
        switch try await OwnThread.run({ () throws(CacheError) in try child.run() }) {
        case .exited(0): return
        case .exited(let code): throw ExitCode(code)
        case .signaled(let signal):
            guard let error = ChildProcess.damage(signal) else { throw ExitCode(128 + signal) }
            throw error
        }
    }
}
