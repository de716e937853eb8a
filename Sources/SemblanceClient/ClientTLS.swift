/// How a client encrypts its connections to a port, and whom it trusts. Unix sockets are never encrypted.
///
///     configuration.tls = ClientTLS()                                       // the system's authorities
///     configuration.tls = ClientTLS(trustRootsFile: "/etc/semblance/ca.pem")
public struct ClientTLS: Hashable, Sendable {
    /// A PEM file with the authorities that the client trusts; nil for those of the system.
    public var trustRootsFile: String?
    /// The name that the service's certificate has to have; nil for the host of the address.
    public var serverName: String?
    /// A PEM file with the client's own certificate, for services that ask for one; `keyFile` goes with it.
    public var certificateFile: String?
    /// A PEM file with the private key of that certificate, without a passphrase.
    public var keyFile: String?

    public init(
        trustRootsFile: String? = nil, serverName: String? = nil, certificateFile: String? = nil, keyFile: String? = nil
    ) {
        self.trustRootsFile = trustRootsFile
        self.serverName = serverName
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
