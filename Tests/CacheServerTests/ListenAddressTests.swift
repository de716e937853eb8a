import CacheModel
import CacheServer
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:7707", ListenAddress.loopback(host: "127.0.0.1", port: 7707)),
        ("127.1.2.3:0", .loopback(host: "127.1.2.3", port: 0)), ("[::1]:65535", .loopback(host: "::1", port: 65535)),
        ("[0:0:0:0:0:0:0:1]:1", .loopback(host: "::1", port: 1)), ("localhost:7707", .standard),
        ("unix:/tmp/a:b.sock", .unixSocket(path: "/tmp/a:b.sock")),
        ("unix:semblance.sock", .unixSocket(path: "semblance.sock")),
    ])
    func loopbackAndUnixSocketsAreAccepted(_ text: String, _ address: ListenAddress) throws {
        #expect(try ListenAddress(parsing: text) == address)
        #expect(ListenAddress(address.description) == address)
    }

    @Test(arguments: [
        "0.0.0.0:7707", "192.168.1.4:7707", "[::]:7707", "[fe80::1]:7707", "[2001:db8::1]:1", "[::ffff:10.0.0.1]:1",
        "126.255.255.255:1",
    ])
    func anyOtherAddressIsRefusedWithTheReason(_ text: String) throws {
        let error = try #require(throws: CacheError.self) { try ListenAddress(parsing: text) }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("tokens and TLS"))
        #expect(error.detail["address"] == text)
        #expect(ListenAddress(text) == nil)
    }

    @Test(arguments: [
        "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:7 ", ":7707",
        "::1:7707", "[::1]", "[127.0.0.1]:1", "[]:1", "127.1:7707", "example.com:7707", "localhost.:7707", "unix:",
        "unix:a\u{0}b",
    ])
    func whatIsNoAddressIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try ListenAddress(parsing: text) }
    }

    @Test func aPathThatDoesNotFitIntoASocketAddressIsRefused() throws {
        #expect(throws: CacheError.self) { try ListenAddress(parsing: "unix:/" + String(repeating: "a", count: 103)) }
        _ = try ListenAddress(parsing: "unix:/" + String(repeating: "a", count: 102))
    }
}
