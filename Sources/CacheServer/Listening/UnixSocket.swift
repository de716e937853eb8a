package import CacheModel
package import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's call, which `UnixSocket.bind` would hide.
private let systemBind: @Sendable (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt = { bind($0, $1, $2) }

/// The file of a Unix socket that this process listens on.
package struct UnixSocket: Sendable {
    private let path: String
    private let device: dev_t
    private let inode: ino_t

    /// Binds a socket that nobody can connect to before its file has mode 0600: it does not listen yet.
    ///
    /// - Returns: the bound socket, which the caller owns, and its file.
    /// - Throws: `invalidConfiguration` when somebody listens there already, or the path is something else than a
    /// socket.
    package static func bind(_ path: String) throws(CacheError) -> (socket: NIOBSDSocket.Handle, file: UnixSocket) {
        try removeStale(path)
        let descriptor = try makeSocket(path)
        do throws(CacheError) {
            let code = withAddress(path) { systemBind(descriptor, $0, $1) }
            guard code == 0 else { throw failure("cannot bind a Unix socket", path) }
            var status = stat()
            guard chmod(path, S_IRUSR | S_IWUSR) == 0, lstat(path, &status) == 0 else {
                throw failure("cannot set the mode of a Unix socket", path)
            }
            return (descriptor, UnixSocket(path: path, device: status.st_dev, inode: status.st_ino))
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Removes the file, unless another one has taken its place. Call it when nobody listens on the socket any more.
    package func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
        // A file system may give the number of a removed file to the next one: somebody else may listen there.
        guard (try? Self.isListenedOn(path)) == false else { return }
        unlink(path)
    }

    /// Removes a socket that nobody listens on any more, as a killed process leaves it behind.
    private static func removeStale(_ path: String) throws(CacheError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw failure("cannot look at the path of a Unix socket", path)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw CacheError(
                .invalidConfiguration, "the path of the Unix socket is taken by something else than a socket",
                detail: ["path": path])
        }
        guard try !isListenedOn(path) else {
            throw CacheError(
                .invalidConfiguration, "somebody listens on the Unix socket already", detail: ["path": path])
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove a stale Unix socket", path) }
    }

    private static func isListenedOn(_ path: String) throws(CacheError) -> Bool {
        let descriptor = try makeSocket(path)
        defer { close(descriptor) }
        // Not blocking: with a full backlog somebody listens, too.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return withAddress(path) { connect(descriptor, $0, $1) } == 0 || errno != ECONNREFUSED
    }

    private static func makeSocket(_ path: String) throws(CacheError) -> CInt {
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = CInt(bitPattern: SOCK_STREAM.rawValue) | CInt(bitPattern: SOCK_CLOEXEC.rawValue)
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw failure("cannot make a Unix socket", path) }
        return descriptor
    }

    /// - Parameter path: short enough, as `ListenAddress` sees to.
    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            // The last byte stays zero.
            bytes.copyBytes(from: path.utf8.prefix(bytes.count - 1))
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func failure(_ message: String, _ path: String) -> CacheError {
        let reason = String(cString: strerror(errno))
        return CacheError(.invalidConfiguration, "\(message): \(reason)", detail: ["path": path])
    }
}
