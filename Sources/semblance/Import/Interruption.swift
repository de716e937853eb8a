import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Control-C once: end in an orderly way. Twice: at once.
enum Interruption {
    private static let wasAsked = Atomic<Bool>(false)

    static var isAsked: Bool { wasAsked.load(ordering: .relaxed) }

    /// From now on the first SIGINT or SIGTERM is only noted.
    static func watch() {
        // Made here, so that the handler does nothing but store.
        wasAsked.store(false, ordering: .relaxed)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.wasAsked.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}
