import CacheModel
import NIOCore
import NIOSSL

/// Why client and service could not agree on TLS. The raw value is the detail `tls` of the error.
enum EncryptionFailure: String {
    /// No authority that the client trusts vouches for the certificate, or it has expired.
    case untrusted
    /// The certificate is of another name or address.
    case otherName = "other-name"
    /// The service asks for a certificate of the client's, or for another one.
    case certificateRequired = "certificate-required"
    /// The service speaks no TLS.
    case plaintext
    /// The service speaks TLS, and this client does not.
    case encrypted
    /// Anything else that went wrong before TLS was agreed upon.
    case handshake

    /// - Returns: nil for an error that has nothing to do with agreeing on TLS.
    init?(_ error: any Error) {
        if let extra = error as? NIOSSLExtraError {
            guard extra == .failedToValidateHostname || extra == .serverHostnameImpossibleToMatch else { return nil }
            self = .otherName
            return
        }
        // BoringSSL names its reasons in the text of an error only.
        let text = String(describing: error)
        let isHandshake = if case .handshakeFailed? = error as? NIOSSLError { true } else { false }
        guard isHandshake || error is BoringSSLError else { return nil }
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            self = .untrusted
        } else if text.contains("CERTIFICATE_REQUIRED") || text.contains("ALERT_UNKNOWN_CA")
            || text.contains("ALERT_BAD_CERTIFICATE") || text.contains("ALERT_HANDSHAKE_FAILURE")
        {
            // With TLS 1.3 that comes only after the client's part of the handshake.
            self = .certificateRequired
        } else if text.contains("WRONG_VERSION_NUMBER") {
            self = .plaintext
        } else if isHandshake {
            self = .handshake
        } else {
            return nil
        }
    }

    /// What a service with TLS answers to bytes that are none: the beginning of an alert.
    static func isAlert(_ bytes: ByteBuffer?) -> Bool {
        guard let bytes, let start = bytes.getBytes(at: bytes.readerIndex, length: 2) else { return false }
        return start == [0x15, 0x03]
    }

    func error(cause: any Error) -> CacheError {
        CacheError(
            .connectionFailed, message, detail: ["tls": rawValue, "cause": String(describing: cause)])
    }

    private var message: String {
        switch self {
        case .untrusted:
            "the service's certificate is not trusted: none of the authorities that were named vouches for it, or it "
                + "has expired"
        case .otherName: "the service's certificate is for another name"
        case .certificateRequired: "the service does not take this client's certificate, or wants one"
        case .plaintext: "the service does not speak TLS there"
        case .encrypted: "the service speaks TLS there, and this client was not told to"
        case .handshake: "TLS could not be agreed upon"
        }
    }
}
