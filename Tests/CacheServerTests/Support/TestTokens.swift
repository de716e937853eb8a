import CacheAccess
import CacheModel
import CacheServer
import Foundation
import Logging
import Synchronization

/// A token file in a folder of its own, and a clock that goes when the test says so.
final class TestTokens: Sendable {
    private struct State {
        var now = Timestamp(milliseconds: 1_780_000_000_000)
        var generator = SeededTokens(state: 7)
    }

    let folder: URL
    let file: TokenFile
    /// Everything that was logged, in the order in which it came.
    let log = Mutex<[String]>([])
    private let state = Mutex(State())

    init() throws {
        folder = try RunningServer.temporaryFolder()
        file = TokenFile(path: folder.appending(path: "tokens.json").path)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var now: Timestamp { state.withLock(\.now) }
    func pass(milliseconds: Int64) { state.withLock { $0.now = $0.now.advanced(byMilliseconds: milliseconds) } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in RecordingHandler(tokens: self) }
        logger.logLevel = .trace
        return logger
    }

    func control(isRequired: Bool = true) throws -> AccessControl {
        try AccessControl(file: file, isRequired: isRequired, clock: { self.now }, logger: logger)
    }

    /// - Returns: the text of the token.
    @discardableResult
    func create(
        _ name: String, _ scopes: AccessScopes = .all, _ namespaces: String..., lifetimeMilliseconds: Int64? = nil
    ) throws -> String {
        let token = next()
        let patterns = try (namespaces.isEmpty ? ["*"] : namespaces).map { try NamespacePattern(parsing: $0) }
        try file.update { list throws(CacheError) in
            try list.create(
                name, scopes: scopes, namespaces: patterns, token: token, lifetimeMilliseconds: lifetimeMilliseconds,
                now: now)
        }
        return token.text
    }

    func rotate(_ name: String, graceMilliseconds: Int64) throws -> String {
        let token = next()
        try file.update { list throws(CacheError) in
            try list.rotate(name, token: token, graceMilliseconds: graceMilliseconds, now: now)
        }
        return token.text
    }

    func revoke(_ name: String) throws {
        try file.update { list throws(CacheError) in try list.revoke(name) }
    }

    /// A token that was never made.
    func next() -> AccessToken { state.withLock { AccessToken.random(using: &$0.generator) } }

    private struct RecordingHandler: LogHandler {
        let tokens: TestTokens
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let text = "\(event.message) \(event.metadata ?? [:])"
            tokens.log.withLock { $0.append(text) }
        }
    }
}

/// SplitMix64, so that a failure can be repeated.
private struct SeededTokens: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
