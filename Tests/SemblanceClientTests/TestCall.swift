import CacheModel
import CacheProtocol
import NIOCore

@testable import SemblanceClient

/// A request as far as the state machines look at it.
struct TestCall: OutstandingRequest, Hashable {
    var number: UInt64
    var opcode = Opcode.ping
    var frameBytes = 100
    var deadline = NIODeadline.at(1_000)
    var isCancelled = false
}

extension NIODeadline {
    /// Milliseconds of a test's own time.
    static func at(_ milliseconds: Int) -> NIODeadline { .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000) }
}

extension AttemptOutcome {
    var error: CacheError? {
        switch self {
        case .reply(.failure(let error, _)), .failed(let error, _): error
        case .reply, .cancelled: nil
        }
    }

    var mayHaveBeenSent: Bool? { if case .failed(_, let mayHaveBeenSent) = self { mayHaveBeenSent } else { nil } }
    var isCancelled: Bool { if case .cancelled = self { true } else { false } }
    var reply: Reply? { if case .reply(let reply) = self { reply } else { nil } }
}
