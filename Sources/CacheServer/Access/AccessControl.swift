package import CacheAccess
package import CacheModel
package import Logging
import Synchronization

/// Who is let in: the tokens of a file, and what becomes of them while the service runs.
///
/// Tokens are asked for as soon as there is a file, also one that appears later, and from then on for good: a file that
/// disappears, or that cannot be read any more, leaves the tokens as they were.
package final class AccessControl: Sendable {
    package let file: TokenFile
    private let clock: @Sendable () -> Timestamp
    private let logger: Logger
    private let state: Mutex<State>
    /// Grows whenever an answer to some token may be another one than before.
    private let currentGeneration = Atomic<UInt64>(1)

    private struct State {
        /// Nil while there was never a file.
        var list: TokenList?
        /// Of the file as it was tried last, whatever came of it; nil for none.
        var stamp: TokenFile.Stamp?
        var nextExpiry: Timestamp?
        var counts = Counts()
    }

    package struct Counts: Hashable, Sendable {
        package var tokens = 0
        /// Since the start.
        package var reloads = 0
        package var failedReloads = 0
    }

    /// Reads the file.
    ///
    /// - Parameters:
    ///   - isRequired: whether the file must be there.
    ///   - clock: what time it is.
    /// - Throws: `invalid-configuration`.
    package init(
        file: TokenFile, isRequired: Bool, clock: @escaping @Sendable () -> Timestamp, logger: Logger
    ) throws(CacheError) {
        self.file = file
        self.clock = clock
        self.logger = logger
        var state = State()
        if let (list, stamp) = try file.load() {
            state = State(list: list, stamp: stamp, nextExpiry: list.nextExpiry(after: clock()))
            state.counts.tokens = list.records.count
        } else if isRequired {
            throw CacheError(
                .invalidConfiguration,
                "there is no token file \(file.path): `semblance token create --tokens \(file.path) …` makes one",
                detail: ["path": file.path])
        }
        self.state = Mutex(state)
    }

    /// Whether clients must bring a token.
    package var demandsTokens: Bool { state.withLock { $0.list != nil } }
    package var counts: Counts { state.withLock(\.counts) }

    /// An answer holds as long as this stays the same. One relaxed load: it is looked at for every request.
    package var generation: UInt64 { currentGeneration.load(ordering: .relaxed) }

    /// Whether somebody with this token is let in, and the generation of the answer.
    ///
    /// - Parameter digest: nil for somebody without a token.
    package func answer(to digest: TokenDigest?) -> (answer: TokenList.Answer, generation: UInt64) {
        state.withLock { state in
            let generation = currentGeneration.load(ordering: .relaxed)
            guard let list = state.list else { return (.granted(.everything), generation) }
            guard let digest else { return (.refused(.missing), generation) }
            return (list.answer(to: digest, at: clock()), generation)
        }
    }

    /// Looks whether the file has changed or a token has run out. It reads files: not for event loops.
    ///
    /// - Parameter isForced: whether the file is read again although it seems to be the same.
    package func refresh(isForced: Bool = false) {
        if isForced || file.stamp() != state.withLock(\.stamp) { reload() }
        let now = clock()
        state.withLock { state in
            guard let expiry = state.nextExpiry, expiry <= now else { return }
            state.nextExpiry = state.list?.nextExpiry(after: now)
            currentGeneration.add(1, ordering: .relaxed)
        }
    }

    private func reload() {
        do throws(CacheError) {
            guard let (list, stamp) = try file.load() else {
                let hadFile = state.withLock { state in
                    let hadFile = state.list != nil
                    state.stamp = nil
                    if hadFile { state.counts.failedReloads += 1 }
                    return hadFile
                }
                if hadFile {
                    logger.error(
                        "the token file is gone: the tokens stay as they were", metadata: ["file": "\(file.path)"])
                }
                return
            }
            let isFirst = state.withLock { state in
                let isFirst = state.list == nil
                state.list = list
                state.stamp = stamp
                state.nextExpiry = list.nextExpiry(after: clock())
                state.counts.tokens = list.records.count
                state.counts.reloads += 1
                currentGeneration.add(1, ordering: .relaxed)
                return isFirst
            }
            logger.notice(
                isFirst ? "tokens are asked for from now on" : "tokens read again",
                metadata: ["file": "\(file.path)", "tokens": "\(list.records.count)"])
        } catch {
            // Tried again when the file changes, not every time that it is looked at.
            let stamp = file.stamp()
            state.withLock { state in
                state.stamp = stamp
                state.counts.failedReloads += 1
            }
            logger.error(
                "the token file cannot be used: the tokens stay as they were", metadata: ["error": "\(error)"])
        }
    }
}
