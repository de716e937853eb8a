import CacheModel
import Foundation
import Logging
import NIOSSL
import Testing

@testable import CacheServer

/// Which certificate is in use, without a socket.
@Suite struct TLSCredentialsTests {
    let certificates: TestCertificates
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { certificates = try TestCertificates() }

    private func open(_ files: TLSFiles? = nil) throws(CacheError) -> TLSCredentials {
        try TLSCredentials(files: files ?? certificates.files, shutdownTimeout: .seconds(1), logger: logger)
    }

    private func refusal(_ files: TLSFiles? = nil) -> CacheError? {
        do throws(CacheError) {
            _ = try open(files)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatIsWrongWithAFileIsSaidWithItsName() throws {
        let (good, broken) = (certificates.files, certificates.path("broken.pem"))
        try certificates.write("broken.pem", Data("not PEM".utf8))
        let missing = certificates.path("missing.pem")
        for (files, file, reason) in [
            (TLSFiles(certificate: missing, key: good.key), missing, "No such file"),
            (TLSFiles(certificate: good.certificate, key: missing), missing, "No such file"),
            (TLSFiles(certificate: broken, key: good.key), broken, "no certificate"),
            (TLSFiles(certificate: good.certificate, key: broken), broken, "no private key"),
            (TLSFiles(certificate: good.key, key: good.key), good.key, "no certificate"),
            (TLSFiles(certificate: certificates.path("."), key: good.key), certificates.path("."), "not a file"),
            (TLSFiles(certificate: good.certificate, key: good.key, clientAuthority: broken), broken, "no certificate"),
        ] {
            let error = try #require(refusal(files))
            #expect(error.code == .invalidConfiguration)
            #expect(error.detail["file"] == file)
            #expect(error.message.contains(reason), "\(error)")
        }
    }

    @Test func theKeyOfAnotherCertificateIsRefused() throws {
        try certificates.write(
            "key.pem", try Data(contentsOf: URL(filePath: TestCertificates.fixture("renewed.key"))))
        #expect(refusal()?.message.contains("not the key of the certificate") == true)
    }

    @Test(arguments: [(0o600, true), (0o400, true), (0o640, true), (0o644, false), (0o604, false), (0o602, false)])
    func aKeyThatEverybodyMayReadIsRefused(_ mode: Int, _ isTaken: Bool) throws {
        let key = try Data(contentsOf: URL(filePath: TestCertificates.fixture("server.key")))
        try certificates.write("key.pem", key, mode: mode)
        let error = refusal()
        #expect((error == nil) == isTaken)
        if let error { #expect(error.message.contains("chmod o-rwx")) }
    }

    @Test func aRenewedPairIsTakenOnceItIsStill() throws {
        let credentials = try open()
        credentials.look()
        #expect(credentials.counts.reloads == 0)
        try certificates.install("renewed")
        credentials.look()
        #expect(credentials.counts.reloads == 0)
        credentials.look()
        #expect(credentials.counts.reloads == 1)
        credentials.look()
        #expect(credentials.counts.reloads == 1)
        credentials.look(isForced: true)
        #expect(credentials.counts.reloads == 2)
        #expect(credentials.counts.reloadsFailed == 0)
    }

    @Test func aBrokenPairIsTriedOnceAndTheOneBeforeStays() throws {
        let credentials = try open()
        let expiry = credentials.counts.expiresAtSeconds
        try certificates.write("certificate.pem", Data("half of a".utf8))
        for _ in 0..<5 { credentials.look() }
        #expect(credentials.counts.reloadsFailed == 1)
        #expect(credentials.counts.reloads == 0)
        #expect(credentials.counts.expiresAtSeconds == expiry)
        try FileManager.default.removeItem(atPath: certificates.path("key.pem"))
        for _ in 0..<5 { credentials.look() }
        #expect(credentials.counts.reloadsFailed == 2)
        try certificates.install("renewed")
        for _ in 0..<2 { credentials.look() }
        #expect(credentials.counts.reloads == 1)
    }

    @Test func theExpiryIsThatOfTheCertificateWhichEndsFirst() throws {
        #expect(try open().counts.expiresAtSeconds == 4_733_510_400)
        try certificates.install("expired")
        #expect(try open().counts.expiresAtSeconds == 1_609_459_200)
    }
}
