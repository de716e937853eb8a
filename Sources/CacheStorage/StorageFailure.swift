internal import CLMDB
package import CacheModel

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What a return code of LMDB or of the system means for a caller.
package enum StorageFailure {
    package static func error(_ code: CInt, _ action: String) -> CacheError {
        let reason = String(cString: mdb_strerror(code))
        switch code {
        case MDB_MAP_FULL, MDB_TXN_FULL, ENOSPC, EDQUOT, EFBIG:
            return CacheError(.storageFull, "\(action): \(reason)", detail: ["errno": String(code)])
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_PANIC, MDB_CURSOR_FULL,
            MDB_PAGE_FULL, MDB_INCOMPATIBLE, MDB_BAD_VALSIZE:
            return CacheError(.storeDamaged, "\(action): \(reason)", detail: ["errno": String(code)])
        default:
            return CacheError(.storageFailed, "\(action): \(reason)", detail: ["errno": String(code)])
        }
    }

    /// - Throws: what the code means, unless it is 0.
    package static func check(_ code: CInt, _ action: @autoclosure () -> String) throws(CacheError) {
        guard code == 0 else { throw error(code, action()) }
    }

    /// The last error of the system, after a call that returned -1.
    package static func system(_ action: String) -> CacheError { error(errno, action) }
}
