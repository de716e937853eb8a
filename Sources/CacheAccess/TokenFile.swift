package import CacheModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file that tokens are kept in: for its owner alone, and replaced as a whole by every change.
package struct TokenFile: Hashable, Sendable {
    /// Which file was read, and which of its states: any change changes it.
    package struct Stamp: Hashable, Sendable {
        fileprivate var device: UInt64
        fileprivate var node: UInt64
        fileprivate var size: Int64
        fileprivate var mode: UInt32
        fileprivate var seconds: Int
        fileprivate var nanoseconds: Int

        fileprivate init(_ status: stat) {
            device = UInt64(truncatingIfNeeded: status.st_dev)
            node = UInt64(truncatingIfNeeded: status.st_ino)
            size = Int64(status.st_size)
            mode = UInt32(status.st_mode)
            // Of the change of whatever belongs to the file, its mode included.
            #if canImport(Darwin)
                (seconds, nanoseconds) = (Int(status.st_ctimespec.tv_sec), Int(status.st_ctimespec.tv_nsec))
            #else
                (seconds, nanoseconds) = (Int(status.st_ctim.tv_sec), Int(status.st_ctim.tv_nsec))
            #endif
        }
    }

    package var path: String
    /// In a data directory.
    package static let standardName = "tokens.json"

    package init(path: String) { self.path = path }

    // MARK: Reading

    /// - Returns: nil where there is no file.
    package func stamp() -> Stamp? {
        var status = stat()
        return stat(path, &status) == 0 ? Stamp(status) : nil
    }

    /// - Returns: nil where there is no file.
    /// - Throws: `invalid-configuration` for a file that cannot be read, that others may read or write, or that says
    ///   nothing sensible.
    package func load() throws(CacheError) -> (list: TokenList, stamp: Stamp)? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw invalid(Self.systemError)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw invalid(Self.systemError) }
        try check(status)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { bytes in
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[count...])
                return pread(file, rest.baseAddress, rest.count, off_t(count))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw invalid(Self.systemError) }
            guard got > 0 else { break }
            count += got
        }
        do throws(CacheError) {
            return (try TokenList(json: Array(bytes.prefix(count))), Stamp(status))
        } catch {
            throw invalid(error.message)
        }
    }

    /// Whoever writes the file decides who is let in, and whoever reads it learns who there is.
    private func check(_ status: stat) throws(CacheError) {
        guard status.st_mode & S_IFMT == S_IFREG else { throw invalid("it is not a file") }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw invalid("others may read or write it (its mode is \(mode)): `chmod 600` keeps it to its owner")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw invalid("it belongs to another user, \(status.st_uid)")
        }
        guard status.st_size <= Limits.tokenFileBytes else {
            throw invalid("it is longer than \(Limits.tokenFileBytes) bytes")
        }
    }

    // MARK: Writing

    /// Changes the tokens; one process at a time, the others wait. Whoever reads sees all of a change or nothing.
    ///
    /// - Returns: what `change` returned.
    /// - Throws: what `change` throws, with nothing changed; `storage-failed`; what `load` throws.
    package func update<Value>(
        _ change: (inout TokenList) throws(CacheError) -> Value
    ) throws(CacheError) -> Value {
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("opening \(directory)") }
        defer { close(folder) }
        // Given back when the folder is closed.
        while flock(folder, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure("locking \(directory)") }
        }
        var list = try load()?.list ?? TokenList()
        let value = try change(&list)
        try replace(with: try list.json(), in: folder)
        return value
    }

    package var directory: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func replace(with bytes: [UInt8], in folder: CInt) throws(CacheError) {
        let draft = "\(path).\(getpid()).new"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("creating \(draft)") }
        do throws(CacheError) {
            defer { close(file) }
            keepOwner(of: file, folder)
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure("writing \(draft)") }
                rest = rest.dropFirst(count)
            }
            guard fsync(file) == 0 else { throw failure("writing \(draft)") }
            guard rename(draft, path) == 0 else { throw failure("replacing \(path)") }
            guard fsync(folder) == 0 else { throw failure("replacing \(path)") }
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// What an administrator writes stays readable for the service, which is not one.
    private func keepOwner(of file: CInt, _ folder: CInt) {
        guard geteuid() == 0 else { return }
        var status = stat()
        guard stat(path, &status) == 0 || fstat(folder, &status) == 0 else { return }
        // Where that fails the service says that it cannot read the file.
        _ = fchown(file, status.st_uid, status.st_gid)
    }

    // MARK: Errors

    private static var systemError: String { String(cString: strerror(errno)) }

    private func failure(_ what: String) -> CacheError {
        CacheError(.storageFailed, "\(what) failed: \(Self.systemError)", detail: ["path": path])
    }

    private func invalid(_ reason: String) -> CacheError {
        CacheError(.invalidConfiguration, "the token file \(path): \(reason)", detail: ["path": path])
    }
}
