#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Tells whoever has started the service how far it is, in the way of systemd's `sd_notify(3)`.
enum ServiceManager {
    /// - Parameter environment: without `NOTIFY_SOCKET` nobody has asked.
    /// - Returns: whether it was told; a service runs all the same when it was not.
    @discardableResult
    static func notify(_ state: String, environment: [String: String]) -> Bool {
        guard let name = environment["NOTIFY_SOCKET"], name.hasPrefix("/") || name.hasPrefix("@") else { return false }
        var path = Array(name.utf8)
        // An abstract socket's name begins with a zero.
        if name.hasPrefix("@") { path[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.count < capacity, let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        #if canImport(Glibc)
            let kind = CInt(SOCK_DGRAM.rawValue)
        #else
            let kind = SOCK_DGRAM
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let length = socklen_t(offset + path.count)
        let message = Array(state.utf8)
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, 0, $0, length) == message.count
            }
        }
    }
}
