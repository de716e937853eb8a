import CacheModel
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A process that is started and waited for.
struct ChildProcess {
    enum Ending: Hashable {
        case exited(CInt)
        case signaled(CInt)
    }

    var executable: String
    /// Its name for itself first.
    var arguments: [String]
    /// Whether it prints to nowhere, and not to where this process does.
    var isSilent = true

    /// Signals by which a process ends for what it has read itself.
    private static let faults: [CInt: String] = [
        SIGBUS: "SIGBUS", SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGFPE: "SIGFPE",
    ]

    /// - Returns: nil for a signal that somebody has sent to a process that read a store.
    static func damage(_ signal: CInt) -> CacheError? {
        faults[signal].map {
            CacheError(.storeDamaged, "reading the store ended a process with \($0)", detail: ["signal": $0])
        }
    }

    /// Blocks until it has ended.
    ///
    /// - Throws: `storage-failed` when it cannot be started.
    func run() throws(CacheError) -> Ending {
        var environment = ProcessInfo.processInfo.environment
        // It ends at once instead of writing down where it was.
        environment["SWIFT_BACKTRACE"] = "enable=no"
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }

        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in isSilent ? [CInt(0), 1, 2] : [] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, "/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY, 0)
        }
        var process = pid_t()
        let code = posix_spawn(&process, executable, &actions, nil, &words, &variables)
        guard code == 0 else {
            throw CacheError(.storageFailed, "\(executable) cannot be started: \(String(cString: strerror(code)))")
        }
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw CacheError(.storageFailed, "waiting for \(executable) failed") }
        }
        // What WIFEXITED, WEXITSTATUS and WTERMSIG say; macros are not imported.
        let signal = status & 0x7f
        return signal == 0 ? .exited(status >> 8 & 0xff) : .signaled(signal)
    }
}
