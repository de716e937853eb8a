import NIOCore
import NIOSSL
import NIOTLS

/// Ends a connection whose certificate is not for the name that was asked for, before anything is sent.
///
/// NIOSSL has checked the certificate then, but takes one for the IP address that was connected to as well. Whoever can
/// answer for the DNS chooses that address, and may have a certificate for it.
final class CertificateNameCheck: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let name: String

    init(name: String) { self.name = name }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event, !isForName(context) {
            context.fireErrorCaught(NIOSSLExtraError.failedToValidateHostname)
            return context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func isForName(_ context: ChannelHandlerContext) -> Bool {
        guard let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate() else { return false }
        return certificate._subjectAlternativeNames().contains { alternative in
            alternative.nameType == .dnsName
                && Self.matches(String(decoding: alternative.contents, as: UTF8.self), name)
        }
    }

    /// - Parameter pattern: a name, or one whose first label is `*`, which stands for exactly one.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        let (pattern, name) = (normalized(pattern), normalized(name))
        guard pattern.hasPrefix("*.") else { return pattern == name && !pattern.isEmpty }
        let suffix = pattern.dropFirst()
        guard name.hasSuffix(suffix), suffix.dropFirst().contains(".") else { return false }
        let label = name.dropLast(suffix.count)
        return !label.isEmpty && !label.contains(".")
    }

    private static func normalized(_ name: String) -> String {
        let lowercased = name.lowercased()
        return lowercased.hasSuffix(".") ? String(lowercased.dropLast()) : lowercased
    }
}
