package import CacheModel
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A file that nobody sees before it is whole, readable by its owner alone.
///
/// On Linux it has no name until then, so that nothing is left of it whatever ends the process. Where the file system knows no such
/// files it has one beside its place, which goes with this object.
package final class PendingFile: Sendable {
    /// Where it will be.
    package let place: String
    /// Open for reading and writing.
    package let descriptor: CInt
    /// The name that it has before.
    private let temporaryName: Mutex<String?>

    private static var suffix: String { ".partial-\(getpid())" }

    /// - Throws: `storage-failed` when nothing can be written there.
    package init(at place: String) throws(CacheError) {
        self.place = place
        #if os(Linux)
            // O_TMPFILE, a macro that is not imported.
            let unnamed = open(Self.folder(of: place), 0o20_000_000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o600)
            let isUnnamed = unnamed >= 0
            if !isUnnamed, errno != EOPNOTSUPP, errno != EISDIR, errno != EINVAL {
                throw StorageFailure.system("creating \(place)")
            }
        #else
            let unnamed: CInt = -1
            let isUnnamed = false
        #endif
        guard !isUnnamed else {
            descriptor = unnamed
            temporaryName = Mutex(nil)
            return
        }
        let name = place + Self.suffix
        descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        temporaryName = Mutex(descriptor >= 0 ? name : nil)
        guard descriptor >= 0 else { throw StorageFailure.system("creating \(name)") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        abandon()
    }

    /// Removes what there is of it, for a process that is about to end without more ado.
    package func abandon() { temporaryName.withLock { name in if let name { unlink(name) } } }

    /// A name by which this process can open it before it is published.
    package var readingPath: String { temporaryName.withLock { $0 } ?? "/proc/self/fd/\(descriptor)" }

    package var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    package func write(_ bytes: [UInt8]) throws(CacheError) {
        let isWritten = bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let buffer = UnsafeRawBufferPointer(rebasing: rest)
                #if canImport(Glibc)
                    let count = Glibc.write(descriptor, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                    let count = Musl.write(descriptor, buffer.baseAddress, buffer.count)
                #else
                    let count = Darwin.write(descriptor, buffer.baseAddress, buffer.count)
                #endif
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
        guard isWritten else { throw StorageFailure.system("writing \(place)") }
    }

    /// Has it written to the disk, and read from there from now on.
    package func synchronize() throws(CacheError) {
        guard fsync(descriptor) == 0 else { throw StorageFailure.system("synchronizing \(place)") }
        #if os(Linux)
            _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        #endif
    }

    /// Gives it its name, at once and on the disk.
    ///
    /// - Throws: `invalid-argument` when there is a file of that name already and it is not to be replaced.
    package func publish(replacing: Bool) throws(CacheError) {
        try synchronize()
        try temporaryName.withLock { (name) throws(CacheError) in
            if replacing {
                let partial = place + Self.suffix
                if name == nil {
                    unlink(partial)
                    try link(named: nil, as: partial)
                    name = partial
                }
                guard rename(partial, place) == 0 else { throw StorageFailure.system("renaming \(partial)") }
                name = nil
            } else {
                try link(named: name, as: place)
                if let partial = name { unlink(partial) }
                name = nil
            }
        }
        try Self.synchronizeFolder(of: place)
    }

    private func link(named name: String?, as place: String) throws(CacheError) {
        // Where the file has no name, its descriptor has one.
        let source = name ?? "/proc/self/fd/\(descriptor)"
        guard linkat(AT_FDCWD, source, AT_FDCWD, place, name == nil ? AT_SYMLINK_FOLLOW : 0) == 0 else {
            guard errno == EEXIST else { throw StorageFailure.system("naming \(place)") }
            throw CacheError(.invalidArgument, "\(place) exists already", detail: ["path": place])
        }
    }

    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Without this a power cut may take a new name back.
    package static func synchronizeFolder(of path: String) throws(CacheError) {
        let folder = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw StorageFailure.system("opening the folder of \(path)") }
        defer { close(folder) }
        // Some file systems have nothing to synchronize in a folder.
        guard fsync(folder) == 0 || errno == EINVAL else {
            throw StorageFailure.system("synchronizing the folder of \(path)")
        }
    }
}
