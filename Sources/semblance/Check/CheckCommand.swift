import ArgumentParser
import CacheModel
import FoundationEssentials

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read a whole store and verify every record.",
        discussion: """
            The store must not be in use, and a damaged one stays where it is. With --backup it is a file that \
            `semblance backup` has made, compared with its manifest, too. Exit codes: 0 the store is whole, 1 it could \
            not be examined, 2 it is damaged.
            """)

    @Option(help: "The data directory. (default: SEMBLANCE_DATA or ./var/semblance)") var data: String?
    @Option(
        help: "As the service has it; at least the size of the file. (default: 256GiB)",
        transform: ArgumentText.byteCount)
    var mapSize: Int?
    @Option(help: ArgumentHelp("Read a backup instead.", valueName: "file")) var backup: String?
    @Flag(help: "Print one JSON document.") var json = false
    /// What the service has a child process do before it opens the store.
    @Flag(help: .hidden) var quick = false
    /// In this very process, whatever reading the store may do to it.
    @Flag(help: .hidden) var direct = false

    func validate() throws {
        if backup != nil, data != nil { throw ValidationError("--backup and --data exclude each other") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let examination = StoreExamination(directory: DataOption.directory(data), mapBytes: mapSize ?? Limits.mapBytes)
        do {
            if quick {
                if try examination.load(environment) > 0 { throw ErrorReport.Exit.partly }
            } else if !direct {
                try await StoreWorker.run("check")
            } else if let backup {
                let report = try BackupExamination(path: backup, progress: FileProgress(isShown: !json)).run()
                show(report.json, report.lines)
            } else {
                let report = try examination.walk(environment)
                show(report.json, report.lines)
            }
        } catch {
            throw StoreWorker.report(error, asJSON: json)
        }
    }

    private func show(_ document: JSONText, _ lines: [String]) {
        for line in json ? [document.line] : lines { Terminal.output.line(line) }
    }
}
