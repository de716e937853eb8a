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
        ("0.0.0.0:7707", "0.0.0.0"), ("192.168.1.4:7707", "192.168.1.4"), ("[::]:7707", "::"),
        ("[fe80::1]:7707", "fe80::1"), ("126.255.255.255:7707", "126.255.255.255"), ("128.0.0.1:7707", "128.0.0.1"),
    ])
    func anyOtherAddressIsToldFromThem(_ text: String, _ host: String) throws {
        #expect(try ListenAddress(parsing: text) == .network(host: host, port: 7_707))
        #expect(ListenAddress(text)?.description == text)
    }

    @Test func namesAreNotResolved() throws {
        let error = try #require(throws: CacheError.self) { try ListenAddress(parsing: "example.com:7707") }
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("write the IP address"))
        #expect(error.detail["address"] == "example.com:7707")
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
