import CacheEngine
import CacheModel
import Synchronization

/// Work that blocks its thread, and a look at how far it has come now and then.
enum WatchedWork {
    /// - Parameter look: called on this thread, ten times a second until the work is done.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(CacheError) -> Value, look: () -> Void
    ) throws(CacheError) -> Value {
        let state = State<Value>()
        let thread = WorkerThread {
            do throws(CacheError) {
                state.put(.success(try body()))
            } catch {
                state.put(.failure(error))
            }
        }
        while true {
            let ticket = state.signal.ticket()
            if let result = state.result {
                thread.join()
                return try result.get()
            }
            if !state.signal.wait(after: ticket, timeoutMilliseconds: 100) { look() }
        }
    }

    private final class State<Value: Sendable>: Sendable {
        let signal = Signal()
        private let slot = Mutex<Result<Value, CacheError>?>(nil)

        var result: Result<Value, CacheError>? { slot.withLock { $0 } }

        func put(_ result: Result<Value, CacheError>) {
            slot.withLock { $0 = result }
            signal.notify()
        }
    }
}
