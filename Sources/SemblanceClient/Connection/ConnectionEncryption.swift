package import CacheModel
package import NIOCore
import NIOSSL

/// The client's end of TLS: what all connections of a client share.
package struct ConnectionEncryption: Sendable {
    private let context: NIOSSLContext
    /// Nil where the certificate is checked for the IP address that was connected to.
    private let serverName: String?

    /// Reads the files; blocks while it does.
    ///
    /// Nil without TLS, and for a Unix socket.
    ///
    /// - Throws: `.invalidConfiguration` with the detail `field`.
    package init?(_ tls: ClientTLS?, address: ServiceAddress) throws(CacheError) {
        guard let tls, case .network(let host, _) = address else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let path = tls.trustRootsFile {
            configuration.trustRoots = .certificates(try Self.certificates(path, "tls.trustRootsFile"))
        }
        switch (tls.certificateFile, tls.keyFile) {
        case (nil, nil): break
        case (let certificate?, let key?):
            configuration.certificateChain = try Self.certificates(certificate, "tls.certificateFile")
                .map { .certificate($0) }
            do {
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            } catch {
                throw Self.invalid("tls.keyFile", "'\(key)' holds no private key in PEM that can be read")
            }
        case (_?, nil): throw Self.invalid("tls.keyFile", "is missing: it goes with tls.certificateFile")
        case (nil, _?): throw Self.invalid("tls.certificateFile", "is missing: it goes with tls.keyFile")
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw Self.invalid("tls", "cannot be set up: the key is not that of the certificate (\(error))")
        }
        if let name = tls.serverName {
            guard Self.isName(name) else { throw Self.invalid("tls.serverName", "is not a name of the DNS") }
            serverName = name
        } else {
            serverName = Self.isName(host) ? host : nil
        }
    }

    /// To be called first on the pipeline of a new connection. The certificate is checked before anything is sent.
    package func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: serverName))
        if let serverName { try pipeline.addHandler(CertificateNameCheck(name: serverName)) }
    }

    private static func isName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && !text.utf8.contains(0)
            && (try? SocketAddress(ipAddress: text, port: 0)) == nil
    }

    private static func certificates(_ path: String, _ field: String) throws(CacheError) -> [NIOSSLCertificate] {
        if let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty { return certificates }
        throw invalid(field, "'\(path)' holds no certificate in PEM that can be read")
    }

    private static func invalid(_ field: String, _ reason: String) -> CacheError {
        CacheError(.invalidConfiguration, "\(field) \(reason)", detail: ["field": field])
    }
}
