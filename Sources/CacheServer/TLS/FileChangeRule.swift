#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What tells one state of a file from another without reading it.
struct FileState: Hashable, Sendable {
    var device = 0
    var inode = 0
    var sizeBytes = 0
    /// Of contents and of mode, nanoseconds since 1970.
    var changedNanoseconds = 0

    init(device: Int = 0, inode: Int = 0, sizeBytes: Int = 0, changedNanoseconds: Int = 0) {
        self.device = device
        self.inode = inode
        self.sizeBytes = sizeBytes
        self.changedNanoseconds = changedNanoseconds
    }

    /// Links are followed. A file that is not there is a state like any other.
    init(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self.init()
            return
        }
        #if canImport(Darwin)
            let changed = status.st_ctimespec
        #else
            let changed = status.st_ctim
        #endif
        self.init(
            device: Int(truncatingIfNeeded: status.st_dev), inode: Int(truncatingIfNeeded: status.st_ino),
            sizeBytes: Int(status.st_size),
            changedNanoseconds: Int(changed.tv_sec) &* 1_000_000_000 &+ Int(changed.tv_nsec))
    }
}

/// When files that belong together are read again: once they have changed and then were the same at two looks in a row,
/// so that a certificate is not read while its key is still on the way.
struct FileChangeRule: Sendable {
    /// As they were when they were read last, whether or not they could be used.
    private var tried: [FileState]
    private var seen: [FileState]

    init(tried: [FileState]) {
        self.tried = tried
        seen = tried
    }

    /// - Parameter isForced: whether somebody has asked for it, whatever the files look like.
    mutating func isToBeRead(_ states: [FileState], isForced: Bool) -> Bool {
        defer { seen = states }
        guard isForced || (states != tried && states == seen) else { return false }
        tried = states
        return true
    }
}
