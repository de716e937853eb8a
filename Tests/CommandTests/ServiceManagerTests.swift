import Foundation
import Testing

@testable import semblance

@Suite struct ServiceManagerTests {
    /// A socket such as systemd's, below a path that is short enough for one.
    private final class Manager: Sendable {
        let path = "/tmp/semblance-notify-\(UUID().uuidString.prefix(8))"
        let descriptor: CInt

        init() throws {
            #if canImport(Glibc)
                descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
            #else
                descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
            #endif
            try #require(descriptor >= 0)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let code = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(code == 0)
        }

        deinit {
            close(descriptor)
            unlink(path)
        }

        /// What it was told; nil when that is nothing so far.
        func message() -> String? {
            var buffer = [UInt8](repeating: 0, count: 100)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
        }
    }

    @Test func aServiceThatListensSaysSo() async throws {
        let folder = try TemporaryFolder()
        let manager = try Manager()
        let arguments = ["--data", folder.file("store"), "--map-size", "1GiB"]
        let (told, _) = try await BuiltExecutable.serve(arguments, environment: ["NOTIFY_SOCKET": manager.path]) { _ in
            // Listening is printed before.
            while true {
                if let message = manager.message() { return message }
                await Task.yield()
            }
        }
        #expect(told == "READY=1")
    }

    @Test(arguments: [nil, "", "relative", "/nowhere/at/all", "/" + String(repeating: "x", count: 200)] as [String?])
    func aServiceRunsWithoutSomebodyToTell(_ path: String?) {
        #expect(!ServiceManager.notify("READY=1", environment: path.map { ["NOTIFY_SOCKET": $0] } ?? [:]))
    }
}
