import ArgumentParser
import CacheModel
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy a store while the service runs.",
        discussion: """
            The copy is the store as of the moment when it begins: everything acknowledged before is in it, and nothing \
            after. It goes by the file and not by the service, so it is made on the same machine (in a container: in the \
            same one), by a user who may write in the data directory. Lookups and writes go on; while it is made, pages \
            that the service gives back are not used again, so the store's file grows by what is written meanwhile.

            FILE appears when it is whole, and FILE.json beside it with its contents and SHA-256. An interrupted backup \
            leaves nothing behind. Before that the copy is read back: its checksum is taken, header and watermarks are \
            checked, with --verify every record. `-` writes the copy to standard output, without a manifest and unchecked: \
            `semblance backup - | zstd > FILE.zst`.

            `semblance check --backup FILE` verifies it later, `semblance restore FILE` brings it back.

            Exit codes: 0 done, 1 failed, 2 the store is damaged.
            """)

    @Argument(help: "The file to make, or - for standard output.") var target: String
    @Option(help: "The data directory. (default: SEMBLANCE_DATA or ./var/semblance)") var data: String?
    @Flag(help: "Overwrite FILE, at the moment when the new one is whole.") var replace = false
    @Flag(help: "Read every record of the copy.") var verify = false
    @Flag(help: "Print one JSON document.") var json = false
    /// In this very process, whatever reading the store may do to it.
    @Flag(help: .hidden) var direct = false

    func validate() throws {
        guard target == "-" else { return }
        guard !verify, !replace else {
            throw ValidationError("what is written to standard output cannot be read back or replaced")
        }
    }

    func run() async throws {
        do {
            guard direct else { return try await StoreWorker.run("backup") }
            if target == "-", isatty(1) == 1 {
                throw CacheError(.invalidArgument, "standard output is a terminal: redirect it, or name a file")
            }
            DiskSpace.treatLimitsAsFullDisks()
            let directory = DataOption.directory(data)
            let (target, replace, verify, json) = (target, replace, verify, json)
            let asker = StoreWorker.Asker()
            Interruption.watch()
            let report = try await OwnThread.run { () throws(CacheError) in
                let run = BackupRun(
                    directory: directory, target: target == "-" ? .stream(1) : .file(path: target, replaces: replace),
                    verifies: verify, progress: FileProgress(isShown: !json && target != "-"),
                    isUnwanted: { Interruption.isAsked || asker.isGone })
                return try run.run()
            }
            let output = target == "-" ? Terminal.error : Terminal.output
            for line in json ? [report.json.line] : report.lines { output.line(line) }
        } catch {
            throw StoreWorker.report(error, asJSON: json)
        }
    }
}

/// Which data directory a command works on.
enum DataOption {
    static func directory(_ option: String?) -> String {
        let environment = ProcessInfo.processInfo.environment
        return ClientOptions.choose(option, "--data", environment, "SEMBLANCE_DATA").text ?? ServeSettings().data
    }
}
