import ArgumentParser
import CacheServer

/// The service, and the command line to operate it.
@main
struct Semblance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "semblance",
        abstract:
            "An exact semantic cache: has something that means this been answered before, and does it still hold?",
        discussion: """
            `semblance serve` starts a service, `semblance demo` shows one at work. Those for the store work on its \
            files, the others ask a running service.

            Exit codes: 0 done, 1 failed, 2 not everything was accepted or moved (import, export, \
            namespace reembed), the store is damaged (check, backup, restore, compact) or \
            there were errors under load (bench), 64 wrong usage. \
            Errors go to standard error: \"error: code: message\", or with --json one line \
            {\"error\": {\"code\", \"message\", \"detail\", \"advice\"}}.
            """,
        version: ServiceVersion.current,
        groupedSubcommands: [
            CommandGroup(name: "Service", subcommands: [ServeCommand.self, DemoCommand.self]),
            CommandGroup(
                name: "Store",
                subcommands: [BackupCommand.self, RestoreCommand.self, CheckCommand.self, CompactCommand.self]),
            CommandGroup(
                name: "Answers",
                subcommands: [
                    LookupCommand.self, InsertCommand.self, GetCommand.self, DeleteCommand.self, ImportCommand.self,
                    ExportCommand.self,
                ]),
            CommandGroup(
                name: "Freshness",
                subcommands: [InvalidateCommand.self, LeaseCommand.self, PurgeCommand.self, FenceCommand.self]),
            CommandGroup(
                name: "Operation",
                subcommands: [
                    PingCommand.self, StatisticsCommand.self, NamespaceCommand.self, TokenCommand.self,
                    BenchCommand.self,
                ]),
        ])
}
