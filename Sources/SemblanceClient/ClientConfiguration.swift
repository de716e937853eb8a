import CacheModel
import CacheProtocol
public import NIOCore

/// How a client connects, waits and tries again. Every value has a default that suits an app beside its service.
public struct ClientConfiguration: Sendable {
    /// What the client calls itself in the service's logs: at most `Limits.clientNameBytes` bytes of UTF-8.
    public var clientName = "semblance-swift"
    /// The token that `semblance token create` has made for this client, `smbl_…`; empty where the service asks for none.
    /// At most `Limits.tokenBytes` bytes of UTF-8. Without one that holds calls fail with `.unauthenticated`, and with
    /// `.forbidden` for what it is not good for.
    public var token = ""
    /// Encrypts connections to a port; nil for none. Unix sockets are never encrypted.
    public var tls: ClientTLS?
    /// How vectors travel.
    public var vectorPrecision = VectorPrecision.float32

    /// Connections open at once, at least 1. They are opened as they are needed.
    public var connectionLimit = 2 * System.coreCount
    /// With as many requests in flight on every connection, another one is opened, up to the limit.
    public var requestsPerConnection = 16
    /// Requests that wait while every connection is as full as the service allows; further ones fail with
    /// `.overloaded`.
    public var waitingRequestLimit = 4_096

    /// How long a call takes at most, retries included, unless it names its own timeout.
    public var requestTimeout = Duration.seconds(10)
    /// How long connecting takes at most, agreeing on TLS and the exchange of HELLO included.
    public var connectTimeout = Duration.seconds(2)
    /// A connection from which nothing has come for so long, while requests wait for replies, is given up.
    public var silenceLimit = Duration.seconds(10)

    /// How often a call is tried in all, at least 1. Only calls that are safe to repeat are: see `SemblanceClient`.
    public var attemptLimit = 3
    /// A call that would have to wait longer than this before it is tried again fails at once instead.
    public var retryWaitLimit = Duration.milliseconds(250)
    /// Whether calls that are safe to repeat are tried again when the service answers `.overloaded`, after the time it
    /// names.
    public var retriesOverloaded = false

    /// The time before connecting again after the first failure; it doubles with every further one.
    public var reconnectDelay = Duration.milliseconds(20)
    /// The longest time before connecting again.
    public var reconnectDelayLimit = Duration.seconds(2)
    /// Spreads out the reconnects of many clients.
    public var randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()

    /// Where connections run; nil for the process-wide group of SwiftNIO. A group that is given must outlive the
    /// client.
    public var eventLoopGroup: (any EventLoopGroup)?

    /// Every value at its default.
    public init() {}

    /// - Throws: `.invalidConfiguration` with the detail `field`.
    func validate() throws(CacheError) {
        func check(_ field: String, _ isValid: Bool, _ rule: String) throws(CacheError) {
            if !isValid { throw CacheError(.invalidConfiguration, "\(field) \(rule)", detail: ["field": field]) }
        }
        try check(
            "clientName", clientName.utf8.count <= Limits.clientNameBytes,
            "has at most \(Limits.clientNameBytes) bytes")
        try check("token", token.utf8.count <= Limits.tokenBytes, "has at most \(Limits.tokenBytes) bytes")
        try check("connectionLimit", connectionLimit >= 1, "is at least 1")
        try check("requestsPerConnection", requestsPerConnection >= 1, "is at least 1")
        try check("waitingRequestLimit", waitingRequestLimit >= 1, "is at least 1")
        try check("attemptLimit", attemptLimit >= 1, "is at least 1")
        try check("connectTimeout", connectTimeout > .zero, "is more than nothing")
        try check("silenceLimit", silenceLimit > .zero, "is more than nothing")
        try check("retryWaitLimit", retryWaitLimit >= .zero, "is not negative")
        try check("reconnectDelay", reconnectDelay > .zero, "is more than nothing")
        try check("reconnectDelayLimit", reconnectDelayLimit >= reconnectDelay, "is at least reconnectDelay")
    }
}

/// The number format in which the components of a vector travel.
public enum VectorPrecision: Hashable, Sendable {
    /// 4 bytes a component, exactly as given.
    case float32
    /// 2 bytes a component, rounded to 11 significant bits.
    case float16

    var encoding: VectorEncoding { self == .float32 ? .float32 : .float16 }
}
