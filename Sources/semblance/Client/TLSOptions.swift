import ArgumentParser
import CacheModel
import FoundationEssentials
import SemblanceClient

/// How a command's connection to a port is encrypted. Unix sockets are not.
struct TLSOptions: ParsableArguments {
    @Flag(
        help:
            "Speak TLS, and trust the system's authorities. (default: on with any --tls-… option, or SEMBLANCE_TLS=on)")
    var tls = false
    @Option(
        help: ArgumentHelp(
            "The authorities to trust instead of the system's, PEM. (default: SEMBLANCE_TLS_CA)", valueName: "file"))
    var tlsCa: String?
    @Option(
        help: ArgumentHelp(
            "The name that the certificate has to have. (default: SEMBLANCE_TLS_SERVER_NAME or the host of the address)",
            valueName: "name"))
    var tlsServerName: String?
    @Option(
        help: ArgumentHelp(
            "A certificate of one's own, PEM. (default: SEMBLANCE_TLS_CLIENT_CERTIFICATE)", valueName: "file"))
    var tlsClientCertificate: String?
    @Option(help: ArgumentHelp("Its private key, PEM. (default: SEMBLANCE_TLS_CLIENT_KEY)", valueName: "file"))
    var tlsClientKey: String?

    /// - Returns: nil for no TLS.
    /// - Throws: `invalid-configuration`, naming the variable.
    func resolved(environment: [String: String] = ProcessInfo.processInfo.environment) throws(CacheError) -> ClientTLS?
    {
        let hasOption = tls || [tlsCa, tlsServerName, tlsClientCertificate, tlsClientKey].contains { $0 != nil }
        switch environment["SEMBLANCE_TLS"] ?? "" {
        case "on", "": break
        case "off": guard hasOption else { return nil }
        case let text:
            throw CacheError(
                .invalidConfiguration, "SEMBLANCE_TLS is '\(text)', but it is on or off",
                detail: ["key": "SEMBLANCE_TLS", "got": text])
        }
        func choose(_ option: String?, _ variable: String) -> String? {
            ClientOptions.choose(option, "", environment, variable).text
        }
        let configuration = ClientTLS(
            trustRootsFile: choose(tlsCa, "SEMBLANCE_TLS_CA"),
            serverName: choose(tlsServerName, "SEMBLANCE_TLS_SERVER_NAME"),
            certificateFile: choose(tlsClientCertificate, "SEMBLANCE_TLS_CLIENT_CERTIFICATE"),
            keyFile: choose(tlsClientKey, "SEMBLANCE_TLS_CLIENT_KEY"))
        let isAsked = hasOption || environment["SEMBLANCE_TLS"] == "on" || configuration != ClientTLS()
        return isAsked ? configuration : nil
    }
}
