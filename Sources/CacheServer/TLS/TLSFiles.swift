import CacheModel
import NIOCore
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The files that a server proves with who it is. All are PEM.
package struct TLSFiles: Hashable, Sendable {
    /// The server's certificate, and behind it those of the authorities between it and what clients trust.
    package var certificate: String
    /// The private key of the certificate, without a passphrase.
    package var key: String
    /// The authorities that sign the certificates of clients; nil where clients need none.
    package var clientAuthority: String?

    package init(certificate: String, key: String, clientAuthority: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthority = clientAuthority
    }

    var paths: [String] { [certificate, key] + (clientAuthority.map { [$0] } ?? []) }
}

extension TLSFiles {
    /// What a handshake needs, and until when it is good.
    struct Contents: Sendable {
        /// For connections of clients, which need a certificate where there is a `clientAuthority`.
        var context: NIOSSLContext
        /// For those who only read metrics, which never need one.
        var anonymousContext: NIOSSLContext
        /// Seconds since 1970 at which the certificate expires.
        var expiresAtSeconds: Int
    }

    /// Reads all files; blocks while it does.
    ///
    /// - Throws: `invalidConfiguration`, which names the file and what is wrong with it.
    func read(shutdownTimeout: TimeAmount) throws(CacheError) -> Contents {
        let chain = try Self.certificates(certificate)
        let privateKey = try readKey()
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = shutdownTimeout
        let anonymous = try makeContext(configuration)
        var context = anonymous
        if let clientAuthority {
            configuration.trustRoots = .certificates(try Self.certificates(clientAuthority))
            configuration.certificateVerification = .noHostnameVerification
            context = try makeContext(configuration)
        }
        return Contents(
            context: context, anonymousContext: anonymous,
            expiresAtSeconds: chain.map { Int($0.notValidAfter) }.min() ?? 0)
    }

    private func makeContext(_ configuration: TLSConfiguration) throws(CacheError) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Self.invalid(key, "it is not the key of the certificate in \(certificate)")
        }
    }

    private static func certificates(_ path: String) throws(CacheError) -> [NIOSSLCertificate] {
        _ = try status(path)
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(path)
            if !certificates.isEmpty { return certificates }
        } catch {}
        throw invalid(path, "it holds no certificate in PEM")
    }

    private func readKey() throws(CacheError) -> NIOSSLPrivateKey {
        let mode = try Self.status(key).st_mode
        guard mode & (S_IROTH | S_IWOTH) == 0 else {
            throw Self.invalid(key, "everybody on this machine may read or write the key: chmod o-rwx \(key)")
        }
        do {
            return try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw Self.invalid(key, "it holds no private key in PEM, or one with a passphrase")
        }
    }

    private static func status(_ path: String) throws(CacheError) -> stat {
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
            throw invalid(path, String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw invalid(path, "it is not a file") }
        return status
    }

    private static func invalid(_ path: String, _ reason: String) -> CacheError {
        CacheError(.invalidConfiguration, "\(path) cannot be used for TLS: \(reason)", detail: ["file": path])
    }
}
