package import CacheModel

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A claim on the data file of a store: many may copy it at the same time, and nobody puts another in its place meanwhile.
///
/// It is apart from the lock of the data directory, which a running service holds: a live store is copied as well.
package final class DataFileClaim: Sendable {
    private let file: CInt

    /// For a copy.
    ///
    /// - Throws: `store-locked` while the file is being replaced; `storage-failed` when it cannot be opened.
    package convenience init(copying path: String) throws(CacheError) {
        let refusal = "another store is just being put in the place of \(path)"
        try self.init(path, LOCK_SH, refusal)
        // Between opening and locking.
        guard isOf(path) else { throw CacheError(.storeLocked, refusal) }
    }

    /// For putting another file in its place.
    ///
    /// - Throws: `store-locked` while somebody copies it; `storage-failed`.
    package convenience init(replacing path: String) throws(CacheError) {
        try self.init(path, LOCK_EX, "a copy of \(path) is just being made; wait for it to end")
    }

    private init(_ path: String, _ operation: CInt, _ refusal: String) throws(CacheError) {
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StorageFailure.system("opening \(path)") }
        guard flock(file, operation | LOCK_NB) == 0 else { throw CacheError(.storeLocked, refusal) }
    }

    deinit { if file >= 0 { close(file) } }

    private func isOf(_ path: String) -> Bool {
        var (mine, named) = (stat(), stat())
        return fstat(file, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino
            && mine.st_dev == named.st_dev
    }
}
