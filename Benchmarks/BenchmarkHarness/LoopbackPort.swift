package import Foundation

/// Addresses of 127.0.0.1.
package enum LoopbackPort {
    package static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// A connected socket that sends at once what it is given.
    ///
    /// - Throws: when nothing listens there.
    package static func connect(_ port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, stream, 0)
        var address = address(port)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            _ = close(descriptor)
            throw Failure("nothing listens on port \(port)")
        }
        var isOn: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
    }

    /// A port that was free a moment ago.
    package static func free() throws -> Int {
        let descriptor = socket(AF_INET, stream, 0)
        defer { _ = close(descriptor) }
        var address = address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { throw Failure("there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Waits until something listens, for ten seconds at most.
    package static func wait(for port: Int, _ name: String) throws {
        for _ in 0..<1_000 {
            if let descriptor = try? connect(port) {
                _ = close(descriptor)
                return
            }
            usleep(10_000)
        }
        throw Failure("\(name) does not listen")
    }

    private static var stream: Int32 {
        #if canImport(Darwin)
            SOCK_STREAM
        #else
            Int32(SOCK_STREAM.rawValue)
        #endif
    }
}
