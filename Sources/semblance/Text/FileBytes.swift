import CacheModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file, read at whatever place. Not mapped into memory: a mapped file that somebody shortens meanwhile ends
/// the process.
final class FileBytes: Sendable {
    let path: String
    let size: Int
    /// Nanoseconds since 1970.
    let modifiedNanoseconds: Int64
    private let descriptor: CInt

    /// - Throws: `invalid-argument` for a file that cannot be opened, or that is a folder.
    init(_ path: String) throws(CacheError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path) }
        var status = stat()
        // From here on deinit closes the file, also when the next lines throw.
        guard fstat(descriptor, &status) == 0 else {
            (size, modifiedNanoseconds) = (0, 0)
            throw Self.failure(path)
        }
        size = Int(status.st_size)
        #if canImport(Darwin)
            let modified = status.st_mtimespec
        #else
            let modified = status.st_mtim
        #endif
        modifiedNanoseconds = Int64(modified.tv_sec) &* 1_000_000_000 &+ Int64(modified.tv_nsec)
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CacheError(.invalidArgument, "\(path) is not a file", detail: ["path": path])
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Exactly `count` bytes from `offset`.
    ///
    /// - Throws: `invalid-argument` when the file ends before.
    func read(at offset: Int, count: Int) throws(CacheError) -> [UInt8] {
        let bytes = try read(at: offset, upTo: count)
        guard bytes.count == count else {
            throw CacheError(
                .invalidArgument, "\(path) ends after \(offset + bytes.count) bytes", detail: ["path": path])
        }
        return bytes
    }

    /// Fewer bytes at the end of the file only.
    func read(at offset: Int, upTo limit: Int) throws(CacheError) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            while count < limit {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + count))
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                guard got > 0 else { return }
                count += got
            }
        }
        if failed { throw Self.failure(path) }
        return bytes
    }

    /// A whole file of no more than `limitBytes`.
    static func read(_ path: String, limitBytes: Int) throws(CacheError) -> [UInt8] {
        let file = try FileBytes(path)
        guard file.size <= limitBytes else {
            throw CacheError(
                .invalidArgument, "\(path) has \(file.size) bytes, more than \(limitBytes)", detail: ["path": path])
        }
        return try file.read(at: 0, count: file.size)
    }

    static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

    enum Kind {
        case nothing
        case file
        case folder
    }

    /// What has this name.
    ///
    /// - Throws: `invalid-argument` when that cannot be seen.
    static func kind(_ path: String) throws(CacheError) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw failure(path) }
            return .nothing
        }
        return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }

    /// Names the file and what the system says.
    static func failure(_ path: String) -> CacheError {
        CacheError(.invalidArgument, "\(path): \(String(cString: strerror(errno)))", detail: ["path": path])
    }
}
