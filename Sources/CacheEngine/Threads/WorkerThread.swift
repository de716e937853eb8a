#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A thread of its own, for work that blocks or computes for long: commits and searches.
package struct WorkerThread: Sendable {
    #if canImport(Darwin)
        private let thread: SendableThread
        private struct SendableThread: @unchecked Sendable { let handle: pthread_t }  // an opaque, immutable handle
    #else
        private let thread: pthread_t
    #endif

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Who goes first when there are not enough processors. The raw value is the niceness that it has on Linux.
    package enum Priority: Int32, Sendable {
        case normal = 0
        /// After the event loops: what they do is little, and everybody waits for it, those above all who are refused.
        case search = 5
        case background = 10
    }

    /// Starts the thread.
    package init(_ priority: Priority = .normal, _ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(
            Body {
                priority.apply()
                run()
            }
        ).toOpaque()
        #if canImport(Darwin)
            var handle: pthread_t?
            let code = pthread_create(&handle, nil, { Self.main($0) }, body)
            precondition(code == 0 && handle != nil, "the system starts no further thread")
            thread = SendableThread(handle: handle.unsafelyUnwrapped)
        #else
            var handle = pthread_t()
            let code = pthread_create(&handle, nil, { $0.map(Self.main) ?? nil }, body)
            precondition(code == 0, "the system starts no further thread")
            thread = handle
        #endif
    }

    private static func main(_ body: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
        return nil
    }

    /// Waits until the thread has ended. Call it once.
    package func join() {
        #if canImport(Darwin)
            pthread_join(thread.handle, nil)
        #else
            pthread_join(thread, nil)
        #endif
    }
}

extension WorkerThread.Priority {
    /// To the calling thread. There is no way back for a process without privileges.
    fileprivate func apply() {
        #if canImport(Darwin)
            if self == .background { pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0) }
        #else
            // PRIO_PROCESS is 0 and has another type in each C library; on Linux it means the calling thread alone.
            if self != .normal { setpriority(0, 0, rawValue) }
        #endif
    }
}
