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

/// Work on a store that damage in it may end: a child process does it, and this one says how it went.
enum StoreWorker {
    /// Runs the command again with `--direct`. It prints what there is to print.
    ///
    /// - Throws: `store-damaged` when what was read has ended the child, and its exit code unless that is 0.
    static func run(_ command: String) async throws {
        let rest = ProcessInfo.processInfo.arguments.dropFirst(2)
        let child = ChildProcess(
            executable: Executable.path, arguments: ["semblance", command, "--direct"] + rest, isSilent: false)
        switch try await OwnThread.run({ () throws(CacheError) in try child.run() }) {
        case .exited(0): return
        case .exited(let code): throw ExitCode(code)
        case .signaled(let signal):
            guard let error = ChildProcess.damage(signal) else { throw ExitCode(128 + signal) }
            throw error
        }
    }

    /// Shows an error as all of these commands do.
    ///
    /// - Returns: what to end with: 2 for damage, otherwise 1.
    static func report(_ error: any Error, asJSON: Bool) -> ExitCode {
        if let exit = error as? ExitCode { return exit }
        ErrorReport(error).print(asJSON: asJSON)
        let isDamage = (error as? CacheError)?.code == .storeDamaged
        return isDamage ? ErrorReport.Exit.partly : ErrorReport.Exit.failed
    }

    /// The process that has asked for the work. When it is gone, nobody wants the work any more.
    struct Asker: Sendable {
        private let process = getppid()

        var isGone: Bool { getppid() != process }
    }
}
