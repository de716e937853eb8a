import CacheEngine
import CacheModel
import CacheProtocol
import CacheServer
import Foundation
import NIOCore
import NIOSSL
import Testing

/// A server with a certificate, over real sockets.
@Suite(.timeLimit(.minutes(10))) struct EncryptedServerTests {
    let certificates: TestCertificates

    init() throws { certificates = try TestCertificates() }

    private func with(
        executor: FakeExecutor = FakeExecutor(), _ configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        try await RunningServer.with(executor: executor) { configuration in
            configuration.tls = certificates.files
            configure(&configuration)
        } _: { server in
            try await body(server)
        }
    }

    /// What the server has counted, asked over its Unix socket until it is so many.
    ///
    /// - Parameter isFalling: whether it may be more before.
    private func expect(
        _ name: String, _ count: Int, isFalling: Bool = false, _ server: RunningServer
    ) async throws {
        let client = try await TestClient.greeted(server.unix)
        var found = -1
        while found < count || (isFalling && found > count) {
            guard case .statistics(let document)? = try await client.ask(.statistics) else { break }
            found =
                document.firstMatch(of: try Regex("\"\(name)\":(\\d+)", as: (Substring, Substring).self))
                .flatMap { Int($0.1) } ?? -1
            await Task.yield()
        }
        #expect(found == count, "\(name)")
        try await client.close()
    }

    // MARK: What works

    @Test func whatIsAskedOverTLSIsAnswered() async throws {
        try await with { server in
            let client = try await TestClient.greeted(server.tcp, tls: try TestCertificates.client())
            #expect(try await client.ask(.ping([1, 2])) == .ping([1, 2]))
            try await client.close()
        }
    }

    @Test func aUnixSocketStaysAsItIs() async throws {
        try await with { server in
            let client = try await TestClient.greeted(server.unix)
            #expect(try await client.ask(.ping([3])) == .ping([3]))
            try await client.close()
        }
    }

    @Test func longRepliesComeWhole() async throws {
        let executor = FakeExecutor()
        try await with(executor: executor) { server in
            let client = try await TestClient.greeted(server.tcp, tls: try TestCertificates.client())
            let entry = StoredEntry.sample(payloadBytes: 1 << 20)
            executor.answerInline(with: nil)
            for identifier in UInt64(2)..<10 { try await client.send((identifier, .get)) }
            var answered = 0
            while answered < 8 {
                for submission in executor.take() {
                    submission.answer(.entry(entry))
                    answered += 1
                }
                await Task.yield()
            }
            for _ in 0..<8 { #expect(try await client.reply()?.reply == .get(entry)) }
            try await client.close()
        }
    }

    @Test func whatCameBeforeThePeerClosedItsOutputIsAnswered() async throws {
        let executor = FakeExecutor()
        try await with(executor: executor) { server in
            let client = try await TestClient.greeted(server.tcp, tls: try TestCertificates.client())
            try await client.send((5, .get))
            try await client.channel.close(mode: .output)
            var submissions: [FakeExecutor.Submission] = []
            while submissions.isEmpty {
                submissions = executor.take()
                await Task.yield()
            }
            submissions[0].answer(.entry(.sample(payloadBytes: 3)))
            #expect(try await client.reply()?.identifier == 5)
            #expect(try await client.reply() == nil)
            #expect(!client.isTruncated)
        }
    }

    @Test func aServerThatStopsSaysGoodbye() async throws {
        try await with { server in
            let client = try await TestClient.greeted(server.tcp, tls: try TestCertificates.client())
            await server.beginShutdown()
            #expect(try await client.reply()?.reply.error?.code == .shuttingDown)
            #expect(try await client.reply() == nil)
            #expect(!client.isTruncated)
            try? await client.close()
        }
    }

    // MARK: What does not

    @Test func aPeerWithoutTLSIsEndedAndCounted() async throws {
        try await with { server in
            let client = try await TestClient(server.tcp)
            #expect(try await client.ask(.hello(HelloRequest(clientName: "test"))) == nil)
            try await expect("handshakesFailed", 1, server)
            try await expect("protocolErrors", 0, server)
        }
    }

    @Test func aPeerWithTLSIsEndedAndCountedWhereThereIsNone() async throws {
        try await RunningServer.with(executor: FakeExecutor()) { server in
            let client = try await TestClient(server.tcp, tls: try TestCertificates.client())
            #expect(try await client.reply() == nil)
            try await expect("protocolErrors", 1, server)
        }
    }

    @Test func aHandshakeThatStopsIsEndedWhenHELLOWouldBeDue() async throws {
        try await with {
            $0.deadlines.hello = .milliseconds(20)
        } _: { server in
            let silent = try await TestClient(server.tcp)
            #expect(try await silent.reply() == nil)
            let slow = try await TestClient(server.tcp)
            // The beginning of a record that announces more.
            try await slow.send(bytes: ByteBuffer(bytes: [0x16, 0x03, 0x01, 0x01, 0x00, 0x01]))
            #expect(try await slow.reply() == nil)
            try await expect("deadlinesExceeded", 2, server)
            try await expect("handshakesFailed", 2, server)
        }
    }

    @Test func whoDoesNotSayHELLOAfterTheHandshakeIsToldSo() async throws {
        try await with {
            $0.deadlines.hello = .milliseconds(500)
        } _: { server in
            let client = try await TestClient(server.tcp, tls: try TestCertificates.client())
            #expect(try await client.reply()?.reply.error?.code == .deadlineExceeded)
            #expect(try await client.reply() == nil)
            #expect(!client.isTruncated)
            try await expect("handshakesFailed", 0, server)
        }
    }

    @Test func whoIsCutOffIsNotAnsweredAnyMore() async throws {
        let executor = FakeExecutor()
        try await with(executor: executor) { server in
            let client = try await TestClient.greeted(server.tcp, tls: try TestCertificates.client())
            try await client.send((5, .get))
            var submissions: [FakeExecutor.Submission] = []
            while submissions.isEmpty {
                submissions = executor.take()
                await Task.yield()
            }
            // From the place of TLS outwards: the end of the stream, which nobody has announced.
            let channel = client.channel
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self)
                    .close(mode: .output, promise: nil)
            }.get()
            #expect(try await client.reply() == nil)
            submissions[0].answer(.entry(.sample(payloadBytes: 3)))
            try await expect("connections", 1, isFalling: true, server)
        }
    }

    @Test func aPeerThatReadsNothingIsCutOff() async throws {
        let executor = FakeExecutor()
        try await with(executor: executor) {
            $0.deadlines.write = .milliseconds(50)
        } _: { server in
            let client = try await TestClient.greeted(server.tcp, tls: try TestCertificates.client())
            executor.answerInline(with: .lookup([.largeHit]))
            try await client.channel.setOption(.autoRead, value: false).get()
            var bytes = ByteBuffer()
            for identifier in UInt64(10)..<20 { try bytes.writeRequest(.lookup(), identifier: identifier) }
            try await client.send(bytes: bytes)
            try await expect("deadlinesExceeded", 1, server)
            try await expect("connections", 1, isFalling: true, server)
            try? await client.close()
        }
    }

    @Test func connectionsBeyondTheLimitAreClosedWithoutAHandshake() async throws {
        try await with {
            $0.limits.connections = 2
        } _: { server in
            let context = try TestCertificates.client()
            let first = try await TestClient.greeted(server.tcp, tls: context)
            let watching = try await TestClient.greeted(server.unix)
            let second = try await TestClient(server.tcp, tls: context)
            #expect(try await second.reply() == nil)
            guard case .statistics(let document)? = try await watching.ask(.statistics) else {
                Issue.record("no statistics")
                return
            }
            #expect(document.contains("\"connectionsRefused\":1"))
            #expect(document.contains("\"handshakesFailed\":0"))
            try await first.close()
            try await watching.close()
        }
    }

    @Test func olderVersionsOfTLSAreRefused() async throws {
        try await with { server in
            let old = try TestCertificates.client {
                $0.minimumTLSVersion = .tlsv1
                $0.maximumTLSVersion = .tlsv11
            }
            let client = try await TestClient(server.tcp, tls: old)
            #expect(try await client.reply() == nil)
            try await expect("handshakesFailed", 1, server)
            let version12 = try TestCertificates.client { $0.maximumTLSVersion = .tlsv12 }
            try await TestClient.greeted(server.tcp, tls: version12).close()
        }
    }

    @Test func clientsShowACertificateWhereTheyHaveTo() async throws {
        let authority = TestCertificates.fixture("authority.pem")
        try await with {
            $0.tls?.clientAuthority = authority
        } _: { server in
            let client = try await TestClient(server.tcp, tls: try TestCertificates.client())
            #expect(try await client.reply() == nil)
            try await expect("handshakesFailed", 1, server)
            let known = try TestCertificates.client { configuration in
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(
                    TestCertificates.fixture("client.pem")
                )
                .map { .certificate($0) }
                configuration.privateKey = .privateKey(
                    try NIOSSLPrivateKey(file: TestCertificates.fixture("client.key"), format: .pem))
            }
            try await TestClient.greeted(server.tcp, tls: known).close()
        }
    }

    // MARK: Reloading

    private func certificate(of client: TestClient) async throws -> NIOSSLCertificate? {
        try await client.channel.nioSSL_peerCertificate().get()
    }

    @Test func aRenewedCertificateIsForNewConnectionsAndOldOnesLiveOn() async throws {
        try await with { server in
            let context = try TestCertificates.client()
            let first = try await TestClient.greeted(server.tcp, tls: context)
            #expect(try await certificate(of: first) == TestCertificates.certificate("server"))
            try certificates.install("renewed")
            server.server.credentials?.look(isForced: true)
            let second = try await TestClient.greeted(server.tcp, tls: context)
            #expect(try await certificate(of: second) == TestCertificates.certificate("renewed"))
            #expect(try await first.ask(.ping([1])) == .ping([1]))

            try certificates.write("key.pem", Data())
            server.server.credentials?.look(isForced: true)
            let third = try await TestClient.greeted(server.tcp, tls: context)
            #expect(try await certificate(of: third) == TestCertificates.certificate("renewed"))
            try await expect("certificateReloads", 1, server)
            try await expect("certificateReloadsFailed", 1, server)
            for client in [first, second, third] { try await client.close() }
        }
    }
}
