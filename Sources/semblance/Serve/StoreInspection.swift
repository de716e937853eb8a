import ArgumentParser
import CacheEngine
import CacheModel
import CacheStorage

/// Has a child process read the store before this process does.
///
/// The store is mapped into memory, so damage may end whoever reads it: a page that the disk cannot deliver is a
/// SIGBUS, a page number out of range a SIGSEGV. Then it is the child that ends, and the store is moved aside. The
/// child does what the engine does when it opens the store, and so leaves its pages in the system's cache. Damage that
/// can be told without dying is left to the engine.
struct StoreInspection {
    struct Quarantine: Hashable, Sendable {
        var directory: String
        var damage: CacheError
    }

    struct Finding: Hashable, Sendable {
        /// Where the damaged store went, if it was.
        var quarantine: Quarantine?
        /// Whether the child has removed damaged entries, as the engine would have.
        var hasRemovedEntries = false
    }

    /// The program that has `check --quick`.
    var executable: String

    /// - Throws: `storage-failed` when the child was ended by somebody else; what `StoreOpening` throws.
    func run(_ configuration: EngineConfiguration) throws(CacheError) -> Finding {
        // Without a store there is nothing to look at.
        guard FileBytes.exists(configuration.directory + "/data.mdb") else { return Finding() }
        let child = ChildProcess(
            executable: executable,
            arguments: [
                "semblance", "check", "--quick", "--data", configuration.directory, "--map-size",
                "\(configuration.storage.mapBytes)",
            ])
        switch try child.run() {
        case .exited(let code): return Finding(hasRemovedEntries: code == ErrorReport.Exit.partly.rawValue)
        case .signaled(let signal):
            if let damage = ChildProcess.damage(signal) { return try quarantine(configuration, damage) }
            throw CacheError(
                .storageFailed, "the process that looked at the store was ended by signal \(signal)",
                detail: ["signal": "\(signal)"])
        }
    }

    private func quarantine(_ configuration: EngineConfiguration, _ damage: CacheError) throws(CacheError) -> Finding {
        // What the engine opens next is the empty, fenced store that is made here.
        let loaded = try StoreOpening(configuration).startAnew(after: damage)
        return Finding(quarantine: loaded.report.quarantinedTo.map { Quarantine(directory: $0, damage: damage) })
    }
}
