import Foundation

/// The sketches of all rows in a file without a name, as a service has them in its store: they take no memory of the process.
final class SketchFile {
    let sketchBytes: Int
    private let base: UnsafeMutableRawPointer
    private let byteCount: Int

    init(rowCount: Int, sketchBytes: Int) throws {
        self.sketchBytes = sketchBytes
        byteCount = max(1, rowCount * sketchBytes)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("sketches-\(UUID().uuidString)").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw VectorFile.Failure.unsuitable(path, reason: "cannot be made") }
        defer { close(descriptor) }
        unlink(path)
        guard ftruncate(descriptor, off_t(byteCount)) == 0,
            let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), mapped != MAP_FAILED
        else { throw VectorFile.Failure.unsuitable(path, reason: "cannot be mapped") }
        base = mapped
    }

    deinit { munmap(base, byteCount) }

    subscript(row: Int) -> UnsafeRawPointer { UnsafeRawPointer(base + row * sketchBytes) }

    /// The sketches of rows that follow each other.
    func write(_ sketches: UnsafeRawBufferPointer, from row: Int) {
        guard let source = sketches.baseAddress, (row * sketchBytes) + sketches.count <= byteCount else { return }
        (base + row * sketchBytes).copyMemory(from: source, byteCount: sketches.count)
    }
}
