import ArgumentParser
import CacheModel

struct CompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact", abstract: "Give the disk back what a store does not use any more.",
        discussion: """
            The service must not run: its file is written anew without the free pages, checked record by record, and put \
            in the place of the old one at once. Until then the old one stays what it is, so the disk needs room for \
            both. Position, entries and fence stay the same.

            It is hardly ever needed. A running service removes what has expired or become stale, fills the pages that \
            become free again and puts sparse blocks together, but the file does not become smaller by itself: compact \
            it after much was deleted for good.

            Exit codes: 0 done, 1 failed, 2 the store is damaged.
            """)

    @Option(help: "The data directory. (default: SEMBLANCE_DATA or ./var/semblance)") var data: String?
    @Flag(help: "Print one JSON document.") var json = false
    /// In this very process, whatever reading the store may do to it.
    @Flag(help: .hidden) var direct = false

    func run() async throws {
        do {
            guard direct else { return try await StoreWorker.run("compact") }
            DiskSpace.treatLimitsAsFullDisks()
            let directory = DataOption.directory(data)
            let json = json
            let asker = StoreWorker.Asker()
            Interruption.watch()
            let report = try await OwnThread.run { () throws(CacheError) in
                try CompactRun(
                    directory: directory, progress: FileProgress(isShown: !json),
                    isUnwanted: { Interruption.isAsked || asker.isGone }
                ).run()
            }
            for line in json ? [report.json.line] : report.lines { Terminal.output.line(line) }
        } catch {
            throw StoreWorker.report(error, asJSON: json)
        }
    }
}
