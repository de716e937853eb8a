import CacheServer
import Foundation
import NIOCore
import NIOSSL

/// The certificates of Tests/Fixtures in a folder of a test's own, with keys that only their owner may read.
final class TestCertificates: Sendable {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fixtures/certificates").standardized

    private let folder: URL

    init() throws {
        folder = try RunningServer.temporaryFolder()
        try install("server")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appending(path: name).path }
    static func fixture(_ name: String) -> String { fixtures.appending(path: name).path }

    /// What a server is given; `install` changes what is in there.
    var files: TLSFiles { TLSFiles(certificate: path("certificate.pem"), key: path("key.pem")) }

    /// Puts a certificate and its key in the place of those that are there.
    func install(_ name: String) throws {
        try write("certificate.pem", try Data(contentsOf: URL(filePath: Self.fixture("\(name).pem"))))
        try write("key.pem", try Data(contentsOf: URL(filePath: Self.fixture("\(name).key"))))
    }

    /// Another file takes the place of the one that is there, as tools that renew certificates do it.
    func write(_ name: String, _ data: Data, mode: Int = 0o600) throws {
        let url = folder.appending(path: name)
        try data.write(to: url, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    }

    static func certificate(_ name: String) throws -> NIOSSLCertificate {
        try NIOSSLCertificate.fromPEMFile(fixture("\(name).pem"))[0]
    }

    /// A client that trusts the authority of the fixtures.
    static func client(_ configure: (inout TLSConfiguration) throws -> Void = { _ in }) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(fixture("authority.pem"))
        // A channel that may be closed by halves does not hear that the server agrees to the end.
        configuration.shutdownTimeout = .milliseconds(10)
        try configure(&configuration)
        return try NIOSSLContext(configuration: configuration)
    }
}
