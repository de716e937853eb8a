import CacheModel
import SemblanceClient
import Testing

struct ServiceAddressTests {
    @Test(arguments: [
        ("127.0.0.1:7707", ServiceAddress.network(host: "127.0.0.1", port: 7707)),
        ("cache.example.org:1", .network(host: "cache.example.org", port: 1)),
        ("[::1]:65535", .network(host: "::1", port: 65_535)),
        ("unix:/run/semblance.sock", .unixSocket(path: "/run/semblance.sock")),
        ("unix:relative.sock", .unixSocket(path: "relative.sock")),
    ])
    func anAddressReadsAsItIsWritten(text: String, address: ServiceAddress) throws {
        #expect(try ServiceAddress(parsing: text) == address)
        #expect(ServiceAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", "localhost", ":7707", "localhost:", "localhost:0", "localhost:65536", "localhost:+80", "localhost:-1",
        "localhost:7707 ", "local host:7707", "::1:7707", "[::1]", "[]:7707", "[::1:7707", "http://localhost:7707",
        "localhost:99999999999999999999", "localhost:٧", "unix:", "unix:" + String(repeating: "x", count: 104),
        "unix:a\0b",
    ])
    func whatIsNoAddressIsRefusedWithTheText(text: String) {
        let error = #expect(throws: CacheError.self) { try ServiceAddress(parsing: text) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.detail["address"] == text)
        #expect(ServiceAddress(text) == nil)
    }

    @Test func theStandardAddressIsTheServicesOwn() {
        #expect(ServiceAddress.standard.description == "127.0.0.1:7707")
    }
}

struct ClientConfigurationTests {
    private typealias Change = @Sendable (inout ClientConfiguration) -> Void

    @Test func theDefaultsAreValid() throws {
        let configuration = try SemblanceClient().configuration
        #expect(configuration.connectionLimit >= 1)
    }

    @Test func aValueOutOfItsRangeIsRefusedByName() {
        let changes: [(String, Change)] = [
            ("clientName", { $0.clientName = String(repeating: "x", count: 129) }),
            ("token", { $0.token = String(repeating: "x", count: 513) }),
            ("connectionLimit", { $0.connectionLimit = 0 }),
            ("requestsPerConnection", { $0.requestsPerConnection = 0 }),
            ("waitingRequestLimit", { $0.waitingRequestLimit = 0 }),
            ("attemptLimit", { $0.attemptLimit = 0 }),
            ("connectTimeout", { $0.connectTimeout = .zero }),
            ("silenceLimit", { $0.silenceLimit = .zero }),
            ("retryWaitLimit", { $0.retryWaitLimit = .seconds(-1) }),
            ("reconnectDelay", { $0.reconnectDelay = .zero }),
            ("reconnectDelayLimit", { $0.reconnectDelayLimit = .nanoseconds(1) }),
        ]
        for (field, change) in changes {
            var configuration = ClientConfiguration()
            change(&configuration)
            let error = #expect(throws: CacheError.self) { try SemblanceClient(configuration: configuration) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.detail["field"] == field)
        }
    }
}
