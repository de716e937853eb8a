#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Floats at a 64-byte boundary, zero at first. Numbers of other types take their place in units of 32 bits.
///
/// `@unchecked Sendable`: whoever shares one does not write to it any more.
final class FloatMemory: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    /// From this size on, memory is asked for in large pages: weights are read from front to back for every text.
    private static let largePageBytes = 2 << 20

    init(count: Int) {
        self.count = count
        let byteCount = max(1, count) * MemoryLayout<Float>.stride
        let isLarge = byteCount >= 2 * Self.largePageBytes
        let address = UnsafeMutableRawPointer.allocate(
            byteCount: byteCount, alignment: isLarge ? Self.largePageBytes : 64)
        #if os(Linux)
            if isLarge { madvise(address, byteCount, Int32(MADV_HUGEPAGE)) }
        #endif
        base = address.initializeMemory(as: Float.self, repeating: 0, count: max(1, count))
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }
}
