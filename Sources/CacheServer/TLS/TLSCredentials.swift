import CacheEngine
package import CacheModel
package import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The certificate and the key in use. What is connected keeps those that it began with; new connections get the newest
/// that could be read.
package final class TLSCredentials: Sendable {
    private struct State {
        var contents: TLSFiles.Contents
        var rule: FileChangeRule
        var reloads = 0
        var reloadsFailed = 0
    }

    private let files: TLSFiles
    private let shutdownTimeout: TimeAmount
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the files; blocks while it does.
    ///
    /// - Parameter shutdownTimeout: how long a peer may take to agree to the end of a connection.
    /// - Throws: `invalidConfiguration`, which names the file and what is wrong with it.
    package init(files: TLSFiles, shutdownTimeout: Duration, logger: Logger) throws(CacheError) {
        self.files = files
        self.shutdownTimeout = TimeAmount(shutdownTimeout)
        self.logger = logger
        // Looked at before they are read: what changes meanwhile is seen to have changed at the next look.
        let rule = FileChangeRule(tried: files.paths.map(FileState.init))
        let contents = try files.read(shutdownTimeout: self.shutdownTimeout)
        state = Mutex(State(contents: contents, rule: rule))
        warn(contents)
    }

    /// Looks at the files, and reads them again if they have changed; blocks while it does. If they cannot be used, what
    /// was there stays in use, and the log says what is wrong.
    ///
    /// - Parameter isForced: whether to read them whatever they look like.
    package func look(isForced: Bool = false) {
        let states = files.paths.map(FileState.init)
        guard state.withLock({ $0.rule.isToBeRead(states, isForced: isForced) }) else { return }
        do throws(CacheError) {
            let contents = try files.read(shutdownTimeout: shutdownTimeout)
            state.withLock {
                $0.contents = contents
                $0.reloads += 1
            }
            logger.info("certificate reloaded", metadata: ["file": "\(files.certificate)"])
            warn(contents)
        } catch {
            state.withLock { $0.reloadsFailed += 1 }
            logger.error(
                "certificate not reloaded: the one before stays in use", metadata: ["reason": "\(error.message)"])
        }
    }

    private func warn(_ contents: TLSFiles.Contents) {
        let now = SystemClock().now.milliseconds / 1_000
        guard contents.expiresAtSeconds <= now else { return }
        logger.warning("certificate has expired", metadata: ["file": "\(files.certificate)"])
    }

    /// For the pipeline of one connection.
    func handler(isAnonymous: Bool = false) -> NIOSSLServerHandler {
        let contents = state.withLock(\.contents)
        return NIOSSLServerHandler(context: isAnonymous ? contents.anonymousContext : contents.context)
    }

    /// What the statistics tell of it.
    struct Counts: Sendable {
        var reloads = 0
        var reloadsFailed = 0
        /// Seconds since 1970; 0 without TLS.
        var expiresAtSeconds = 0
    }

    var counts: Counts {
        state.withLock {
            Counts(
                reloads: $0.reloads, reloadsFailed: $0.reloadsFailed, expiresAtSeconds: $0.contents.expiresAtSeconds)
        }
    }
}
