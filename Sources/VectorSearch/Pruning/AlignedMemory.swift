#if canImport(Glibc)
    internal import Glibc
#endif

/// Zeroed numbers at a 64-byte boundary.
///
/// `@unchecked Sendable`: written before it is shared, or by the rules that its owner states.
final class AlignedMemory<Element: BitwiseCopyable>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(count: Int, zero: Element) {
        let byteCount = max(1, count) * MemoryLayout<Element>.stride
        let isLarge = byteCount >= 2 * HugePages.byteCount
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: byteCount, alignment: isLarge ? HugePages.byteCount : 64)
        if isLarge { HugePages.advise(bytes, byteCount) }
        base = bytes.initializeMemory(as: Element.self, repeating: zero, count: max(1, count))
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }

    var byteCount: Int { count * MemoryLayout<Element>.stride }
}

/// Large pages for memory that is read all over: a search of a million rows would otherwise look up the address of a
/// page for nearly every record.
private enum HugePages {
    static let byteCount = 2 << 20

    /// Asks for them where the system has them. Without them everything is the same, but slower.
    static func advise(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) {
        #if canImport(Glibc)
            _ = madvise(memory, byteCount / Self.byteCount * Self.byteCount, Int32(MADV_HUGEPAGE))
        #endif
    }
}
