package import CacheModel
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The directory of one store, held by one process at a time.
///
///     data.mdb, lock.mdb   LMDB's
///     semblance.lock   held with `flock` while a process uses the store; names its process
///     reserve   disk space kept back for invalidations, see `releaseReserve`
///     quarantine-…   a damaged store, moved aside as it was found
///     replaced-…   the store that was there before a backup was restored
///     restoring   a backup on its way, see `Restoration`; what is left of an interrupted one is of no use
package final class DataDirectory: Sendable {
    package let path: String
    /// Nil after `release`.
    private let lock: Mutex<CInt?>
    private static let reserveBytes = 4 << 20

    /// Creates the directory if there is none, and takes the lock.
    ///
    /// - Throws: `store-locked` with detail `process`, or `storage-failed`.
    package init(path: String) throws(CacheError) {
        self.path = path
        try Self.create(path)
        let lock = open(path + "/semblance.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw StorageFailure.system("opening \(path)/semblance.lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.holder(lock)
            close(lock)
            throw CacheError(
                .storeLocked, "the store in \(path) is in use by process \(holder); stop it or use another directory",
                detail: ["process": holder])
        }
        let process = "\(getpid())\n"
        ftruncate(lock, 0)
        _ = process.withCString { pwrite(lock, $0, strlen($0), 0) }
        self.lock = Mutex(lock)
        keepReserve()
        DirectoryOwner.adopt(["semblance.lock", "reserve"], in: path)
    }

    deinit { release() }

    /// Lets another process use the store. The environment must be closed before.
    package func release() {
        lock.withLock { lock in
            if let lock { close(lock) }
            lock = nil
        }
    }

    /// Makes a directory, and those that it is in.
    package static func create(_ path: String) throws(CacheError) {
        var prefix = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            prefix += "/" + component
            if mkdir(prefix, 0o700) != 0, errno != EEXIST {
                throw StorageFailure.system("creating the directory \(prefix)")
            }
        }
    }

    private static func holder(_ lock: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 20)
        let count = pread(lock, &buffer, buffer.count, 0)
        let digits = buffer.prefix(Swift.max(0, count)).prefix { $0 != UInt8(ascii: "\n") }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }

    // MARK: Reserve

    /// Occupies disk space, so that something can be given back when the disk is full. Failing to is no error.
    package func keepReserve() {
        let file = open(path + "/reserve", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        if posix_fallocate(file, 0, off_t(Self.reserveBytes)) != 0 { ftruncate(file, 0) }
    }

    /// Gives the reserve back to a full disk, so that an invalidation can commit.
    package func releaseReserve() { truncate(path + "/reserve", 0) }

    // MARK: Data file

    package var holdsStore: Bool { access(path + "/data.mdb", F_OK) == 0 }

    /// Checks LMDB's two meta pages before anything is mapped, and makes the file as long as they say it is: in a file that is too
    /// short the first access to a page that is not there would be a SIGBUS and not an error.
    ///
    /// - Returns: false when the file was too short. That alone is no damage, as LMDB does not write pages that were taken and
    ///   given back in one transaction; the caller walks through the whole store then.
    /// - Throws: `store-damaged` when there is no meta page.
    package func prepareDataFile() throws(CacheError) -> Bool {
        let file = open(path + "/data.mdb", O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw StorageFailure.system("opening \(path)/data.mdb") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw StorageFailure.system("examining \(path)/data.mdb") }
        // An interrupted creation leaves nothing behind; LMDB makes the file anew.
        guard status.st_size > 0 else { return true }
        guard let meta = MetaPage.newest(of: file) else {
            throw CacheError(.storeDamaged, "\(path)/data.mdb does not begin as an LMDB file does")
        }
        guard let needed = meta.fileBytes, needed <= Limits.mapBytes * 16 else {
            throw CacheError(.storeDamaged, "\(path)/data.mdb says that it has \(meta.lastPage) pages")
        }
        if needed <= Int(status.st_size) { return true }
        guard ftruncate(file, off_t(needed)) == 0 else { throw StorageFailure.system("lengthening \(path)/data.mdb") }
        return false
    }

    /// Moves the damaged files aside and returns the directory that they went to.
    package func quarantine(at time: Timestamp) throws(CacheError) -> String {
        let target = try makeFolder("quarantine", at: time)
        guard rename(path + "/data.mdb", target + "/data.mdb") == 0 else {
            throw StorageFailure.system("moving the damaged store to \(target)")
        }
        _ = rename(path + "/lock.mdb", target + "/lock.mdb")
        return target
    }

    /// A folder for files that are kept, named for the time.
    func makeFolder(_ kind: String, at time: Timestamp) throws(CacheError) -> String {
        let name = path + "/\(kind)-\(time.milliseconds)"
        var folder = name
        var attempt = 1
        while mkdir(folder, 0o700) != 0 {
            guard errno == EEXIST, attempt < 1_000 else { throw StorageFailure.system("creating \(folder)") }
            folder = name + "-\(attempt)"
            attempt += 1
        }
        return folder
    }
}
