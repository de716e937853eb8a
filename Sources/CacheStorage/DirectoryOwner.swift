#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What root makes in a data directory belongs to the directory's owner: a service with fewer rights opens it afterwards.
enum DirectoryOwner {
    /// Files that are root's and have no other name; whatever else lies there is left alone. Failing to is no error.
    ///
    /// None is opened for it: to close `lock.mdb` once gives up all locks that LMDB holds on it in this process.
    static func adopt(_ names: [String], in directory: String) {
        guard geteuid() == 0 else { return }
        var owner = stat()
        guard stat(directory, &owner) == 0, owner.st_uid != 0 else { return }
        for name in names {
            let path = directory + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == 0,
                status.st_nlink == 1
            else { continue }
            _ = lchown(path, owner.st_uid, owner.st_gid)
        }
    }
}
