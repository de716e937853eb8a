#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A thread that nobody joins: it ends with what it runs. Encoding computes for milliseconds, too long for the
/// cooperative pool and for event loops.
enum EncoderThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run)).toOpaque()
        #if canImport(Darwin)
            var handle: pthread_t?
            let code = pthread_create(&handle, nil, { Self.main($0) }, body)
            if let handle, code == 0 { pthread_detach(handle) }
        #else
            var handle = pthread_t()
            let code = pthread_create(&handle, nil, { $0.map(Self.main) ?? nil }, body)
            if code == 0 { pthread_detach(handle) }
        #endif
        precondition(code == 0, "the system starts no further thread")
    }

    private static func main(_ body: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
        return nil
    }
}
