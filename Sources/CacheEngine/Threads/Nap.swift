#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A short wait where there is nothing to be signalled by. For threads of our own only.
enum Nap {
    static func millisecond() { usleep(1_000) }
}
