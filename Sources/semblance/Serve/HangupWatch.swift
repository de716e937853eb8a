import CacheModel
import ServiceLifecycle
import UnixSignals

/// Does something whenever SIGHUP comes, which otherwise would end the process.
struct HangupWatch: Service {
    let onHangup: @Sendable () -> Void

    init(onHangup: @escaping @Sendable () -> Void) { self.onHangup = onHangup }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                _ = try? await OwnThread.run { () throws(CacheError) in onHangup() }
            }
        }
    }
}
