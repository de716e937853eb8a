import CacheModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The room on the disk of a folder.
enum DiskSpace {
    /// Bytes that this process may still write there; nil where nobody can tell.
    static func available(in folder: String) -> Int? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? nil : Int(clamping: bytes)
    }

    /// - Throws: `storage-full` before anything is written, if it is sure not to fit.
    static func require(_ bytes: Int, in folder: String) throws(CacheError) {
        guard let available = available(in: folder), available < bytes else { return }
        throw CacheError(
            .storageFull,
            "\(folder) has room for \(ByteCountText.text(bytes: available)), and "
                + "\(ByteCountText.text(bytes: bytes)) are needed",
            detail: ["available": "\(available)", "needed": "\(bytes)"])
    }

    /// A write beyond a limit of this process fails as one to a full disk does, instead of ending the process.
    static func treatLimitsAsFullDisks() { signal(SIGXFSZ, SIG_IGN) }
}
