import CacheModel
import CacheServer
import Foundation
import Logging
import SemblanceClient
import Testing

@testable import semblance

/// The Swift client and the service over TCP, TLS and a Unix socket.
@Suite(.timeLimit(.minutes(10))) struct EncryptedServiceTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fixtures/certificates").standardized
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func fixture(_ name: String) -> String { Self.fixtures.appending(path: name).path }

    /// The certificate and a key that only its owner may read.
    private func files() throws -> TLSFiles {
        let key = try folder.write("key.pem", try Data(contentsOf: URL(filePath: fixture("server.key"))))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        return TLSFiles(certificate: fixture("server.pem"), key: key)
    }

    private var trusting: ClientTLS { ClientTLS(trustRootsFile: fixture("authority.pem")) }

    /// - Parameter body: is given a port, and the address of a Unix socket.
    private func withService(
        tls: TLSFiles?, _ body: @Sendable (_ port: Int, _ unix: ServiceAddress) async throws -> Void
    ) async throws {
        let unix = ServiceAddress.unixSocket(path: folder.file("socket"))
        try await ServiceHarness.withService(in: folder) { settings in
            settings.tls = tls
            settings.listen.append(try ListenAddress(parsing: unix.description))
        } _: { address, _ in
            guard case .network(_, let port)? = ServiceAddress(address) else { return }
            try await body(port, unix)
        }
    }

    private func withClient<Value: Sendable>(
        _ address: ServiceAddress, _ tls: ClientTLS?, token: String = "", _ body: (SemblanceClient) async throws -> Value
    ) async throws -> Value {
        var configuration = ClientConfiguration()
        configuration.tls = tls
        configuration.token = token
        configuration.attemptLimit = 1
        configuration.connectTimeout = .seconds(60)
        configuration.requestTimeout = .seconds(120)
        let client = try SemblanceClient(address: address, configuration: configuration)
        let result: Result<Value, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        await client.close()
        return try result.get()
    }

    private func runScenario(_ address: ServiceAddress, _ tls: ClientTLS? = nil) async throws {
        let count = try await withClient(address, tls) { client in
            var scenario = Scenario(client: client, suffix: "-\(UUID())")
            return try await scenario.run()
        }
        #expect(count > 50)
    }

    @Test func theScenarioIsCarriedOutOverTCPAndAUnixSocket() async throws {
        try await withService(tls: nil) { port, unix in
            try await runScenario(.network(host: "127.0.0.1", port: port))
            try await runScenario(unix)
        }
    }

    @Test func theScenarioIsCarriedOutOverTLS() async throws {
        try await withService(tls: try files()) { port, unix in
            try await runScenario(.network(host: "127.0.0.1", port: port), trusting)
            // What is said of TLS does not concern a Unix socket.
            try await runScenario(unix, trusting)
        }
    }

    @Test func whatOtherMachinesCanReachIsEncryptedAndAsksForAToken() async throws {
        let created = try await BuiltExecutable.run([
            "token", "create", "app", "--scope", "lookup", "--namespace", "n", "--data", folder.file("store"),
        ])
        let secret = created.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let files = try files()
        try await ServiceHarness.withService(in: folder) { settings in
            settings.tls = files
            settings.listen = [.network(host: "0.0.0.0", port: 0)]
        } _: { address, _ in
            guard case .network(_, let port)? = ServiceAddress(address) else { Issue.record("\(address)"); return }
            let service = ServiceAddress.network(host: "127.0.0.1", port: port)
            #expect(await failure(port, nil)?.detail["tls"] == "encrypted")
            #expect(await failure(port, trusting)?.code == .unauthenticated)
            try await withClient(service, trusting, token: secret) { client in
                _ = try await client.lookup(Lookup(key: ExactKey(1)), in: "n")
                await #expect {
                    _ = try await client.lookup(Lookup(key: ExactKey(1)), in: "m")
                } throws: { ($0 as? CacheError)?.code == .forbidden }
            }
        }
    }

    @Test func aCertificateIsCheckedForTheNameOrTheAddress() async throws {
        try await withService(tls: try files()) { port, _ in
            var named = trusting
            named.serverName = "cache.test"
            for (host, tls) in [("127.0.0.1", trusting), ("localhost", trusting), ("127.0.0.1", named)] {
                try await withClient(.network(host: host, port: port), tls) { _ = try await $0.ping() }
            }
        }
    }

    /// Reasons for which a client says nothing to a service.
    private func failure(_ port: Int, _ tls: ClientTLS?) async -> CacheError? {
        await #expect(throws: CacheError.self) {
            try await withClient(.network(host: "127.0.0.1", port: port), tls) { _ = try await $0.ping() }
        }
    }

    @Test func aServiceThatCannotProveWhoItIsHearsNothing() async throws {
        try await withService(tls: try files()) { port, unix in
            var other = trusting
            // The certificate is for the address that is connected to, but the name is what counts.
            other.serverName = "other.test"
            let stranger = ClientTLS(trustRootsFile: fixture("stranger.pem"))
            for (tls, reason) in [(other, "other-name"), (stranger, "untrusted"), (ClientTLS(), "untrusted")] {
                let error = await failure(port, tls)
                #expect(error?.code == .connectionFailed)
                #expect(error?.detail["tls"] == reason, "\(String(describing: error))")
            }
            let document = try await withClient(unix, nil) { try await $0.statistics() }
            #expect(document.contains("\"hello\":1,"), "only that of the Unix socket")
        }
    }

    @Test func whereOneSideSpeaksTLSAndTheOtherDoesNotBothAreTold() async throws {
        try await withService(tls: try files()) { port, _ in
            let error = await failure(port, nil)
            #expect(error?.detail["tls"] == "encrypted")
        }
        try await withService(tls: nil) { port, _ in
            let error = await failure(port, trusting)
            #expect(error?.detail["tls"] == "plaintext")
        }
    }

    @Test func aServiceThatAsksForACertificateTakesOnlyWhoHasOne() async throws {
        var files = try files()
        files.clientAuthority = fixture("authority.pem")
        try await withService(tls: files) { port, _ in
            let error = await failure(port, trusting)
            #expect(error?.detail["tls"] == "certificate-required")
            var known = trusting
            (known.certificateFile, known.keyFile) = (fixture("client.pem"), fixture("client.key"))
            try await withClient(.network(host: "127.0.0.1", port: port), known) { _ = try await $0.ping() }
        }
    }

    @Test func whatAClientIsToldOfTLSIsCheckedBeforeItConnects() {
        let missing = folder.file("missing")
        for (tls, field) in [
            (ClientTLS(trustRootsFile: missing), "tls.trustRootsFile"),
            (ClientTLS(serverName: "127.0.0.1"), "tls.serverName"),
            (ClientTLS(certificateFile: fixture("client.pem")), "tls.keyFile"),
            (ClientTLS(keyFile: fixture("client.key")), "tls.certificateFile"),
            (ClientTLS(certificateFile: fixture("client.pem"), keyFile: missing), "tls.keyFile"),
            (ClientTLS(certificateFile: fixture("client.pem"), keyFile: fixture("server.key")), "tls"),
        ] {
            var configuration = ClientConfiguration()
            configuration.tls = tls
            let error = #expect(throws: CacheError.self) { try SemblanceClient(configuration: configuration) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.detail["field"] == field)
        }
    }
}
