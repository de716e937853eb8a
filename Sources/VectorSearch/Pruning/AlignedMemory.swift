/// Zeroed numbers at a 64-byte boundary.
///
/// `@unchecked Sendable`: written before it is shared, or by the rules that its owner states.
final class AlignedMemory<Element: BitwiseCopyable>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(count: Int, zero: Element) {
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64)
        base = bytes.initializeMemory(as: Element.self, repeating: zero, count: max(1, count))
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }

    var byteCount: Int { count * MemoryLayout<Element>.stride }
}
