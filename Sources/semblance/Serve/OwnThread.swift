import CacheEngine
import CacheModel

/// Runs what blocks for long on a thread of its own, never on the cooperative pool.
enum OwnThread {
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(CacheError) -> Value
    ) async throws(CacheError) -> Value {
        let result: Result<Value, CacheError> = await withCheckedContinuation { continuation in
            // Not joined: the thread ends right after the continuation is resumed, and the process does not wait for
            // it.
            _ = WorkerThread {
                do throws(CacheError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
