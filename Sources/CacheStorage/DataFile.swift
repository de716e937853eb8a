package import CacheModel

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What can be told of a data file before LMDB maps it into memory.
package enum DataFile {
    /// - Returns: how many bytes of the file matter.
    /// - Throws: `store-damaged` for a file that does not begin as a store does, or is shorter than it says: to read the pages that
    ///   are missing would end the process. `storage-failed` when it cannot be opened.
    package static func checkHeader(of path: String) throws(CacheError) -> Int {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StorageFailure.system("opening \(path)") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw StorageFailure.system("examining \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CacheError(.invalidArgument, "\(path) is not a file", detail: ["path": path])
        }
        guard let meta = MetaPage.newest(of: file), let needed = meta.fileBytes else {
            throw CacheError(.storeDamaged, "\(path) does not begin as the file of a store does")
        }
        guard needed <= Int(status.st_size) else {
            throw CacheError(
                .storeDamaged, "\(path) is cut off: it has \(status.st_size) bytes of \(needed)", detail: ["path": path]
            )
        }
        return needed
    }
}
