import CacheModel
import CacheProtocol
import NIOCore

/// What the state machines of a connection and of the pool need to know of a request.
protocol OutstandingRequest {
    /// Unique in a client and never used twice; not the identifier on the wire, which a connection draws.
    var number: UInt64 { get }
    var opcode: Opcode { get }
    /// Header and body, for flow control.
    var frameBytes: Int { get }
    var deadline: NIODeadline { get }
    /// Turns true once and stays so.
    var isCancelled: Bool { get }
}

/// What became of one attempt at a request.
enum AttemptOutcome: Sendable {
    /// An error of the service included.
    case reply(Reply)
    /// - Parameter mayHaveBeenSent: false when the service has certainly not seen the request.
    case failed(CacheError, mayHaveBeenSent: Bool)
    case cancelled
}

extension CacheError {
    static func deadlineExceeded(_ message: String) -> CacheError { CacheError(.deadlineExceeded, message) }

    static let clientClosed = CacheError(.connectionClosed, "the client is closed")

    /// The service gave up the connection for this error, which may be about one request only; the others are told
    /// this.
    static func connectionLost(by error: CacheError) -> CacheError {
        CacheError(
            .connectionClosed, "the service gave up the connection", detail: ["cause": error.description])
    }

    /// The detail of this name of an `.overloaded` or `.connectionFailed` error.
    static let retryAfterName = "retry-after-ms"

    /// When to come back, where the error says so.
    var retryAfterMilliseconds: Int64? { detail[Self.retryAfterName].flatMap { Int64($0) }.map { max(0, $0) } }
}
