#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A file, read where it is mapped. Whoever shortens it while it is in use ends the process: models are replaced by
/// writing another folder.
///
/// `@unchecked Sendable`: the mapping is read only and lives as long as the object.
final class MappedFile: @unchecked Sendable {
    let path: String
    let bytes: UnsafeRawBufferPointer

    /// - Parameter limitBytes: of the file's size.
    /// - Throws: `file-unreadable`, and `file-damaged` for a file that is empty or beyond the limit.
    init(path: String, limitBytes: Int) throws(EmbeddingError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw Self.unreadable(path) }
        guard status.st_size > 0 else { throw EmbeddingError(.fileDamaged, "\(path) is empty.") }
        guard status.st_size <= limitBytes else {
            throw EmbeddingError(.fileDamaged, "\(path) has \(status.st_size) bytes; at most \(limitBytes) are read.")
        }
        let size = Int(status.st_size)
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw Self.unreadable(path)
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    /// Gives back the memory of what was read so far. What is read again comes from the file again.
    func release() {
        #if os(Linux)
            madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_DONTNEED)
        #endif
    }

    private static func unreadable(_ path: String) -> EmbeddingError {
        EmbeddingError(.fileUnreadable, "\(path) cannot be read: \(String(cString: strerror(errno))).")
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
