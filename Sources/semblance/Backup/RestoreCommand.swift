import ArgumentParser
import CacheModel
import FoundationEssentials

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Bring a backup back, as a store of its own incarnation, fenced.",
        discussion: """
            The service must not run. The backup is checked first, record by record and against its manifest, in a folder \
            of the data directory; a store that is there already stays what it is until the very end, and is kept aside \
            then. An interrupted restore leaves either the old store or the restored one.

            A backup knows nothing of what was invalidated after it was made. So the restored store begins a new \
            incarnation: leases from before are refused (bad-lease), and so are answers that depend on a source, until \
            that source was announced again with --incarnation, or the operator vouches for all: `semblance fence lift`. \
            What was purged or dropped since the backup is there again.

            Exit codes: 0 done, 1 failed, 2 the backup is damaged.
            """)

    @Argument(help: "A file that `semblance backup` has made.") var backup: String
    @Option(help: "The data directory, made if there is none. (default: SEMBLANCE_DATA or ./var/semblance)")
    var data: String?
    @Flag(help: "Replace a store that is there, and keep it in a folder beside: replaced-….") var replace = false
    @Flag(help: "Print one JSON document.") var json = false
    /// In this very process, whatever reading the backup may do to it.
    @Flag(help: .hidden) var direct = false

    func run() async throws {
        do {
            guard direct else { return try await StoreWorker.run("restore") }
            DiskSpace.treatLimitsAsFullDisks()
            let directory = DataOption.directory(data)
            let (backup, replace, json) = (backup, replace, json)
            let asker = StoreWorker.Asker()
            Interruption.watch()
            let report = try await OwnThread.run { () throws(CacheError) in
                try RestoreRun(
                    backup: backup, directory: directory, replaces: replace,
                    environment: ProcessInfo.processInfo.environment, progress: FileProgress(isShown: !json),
                    isUnwanted: { Interruption.isAsked || asker.isGone }
                ).run()
            }
            for line in json ? [report.json.line] : report.lines { Terminal.output.line(line) }
        } catch {
            throw StoreWorker.report(error, asJSON: json)
        }
    }
}
