import CacheModel
import CacheProtocol
import NIOCore

/// Which calls are tried again, and when.
///
/// What the service has certainly not seen may always be sent again. What it may have seen is sent again only if that
/// changes nothing: a second insert may leave two entries, a second bump forgets what was stored in between.
struct RetryPolicy: Sendable {
    var attemptLimit: Int
    var waitLimit: TimeAmount
    var retriesOverloaded: Bool

    /// How long to wait when the service does not say, or says nothing usable.
    static let defaultWait = TimeAmount.milliseconds(10)

    /// - Parameters:
    ///   - attempt: the one that failed, counted from 1.
    ///   - isReply: whether the error is the service's answer.
    ///   - remaining: until the call's deadline.
    /// - Returns: the time to wait before the next attempt; nil for none.
    func delay(
        after error: CacheError, attempt: Int, isRepeatable: Bool, isReply: Bool, mayHaveBeenSent: Bool,
        remaining: TimeAmount
    ) -> TimeAmount? {
        guard attempt < attemptLimit else { return nil }
        let wait: TimeAmount
        if isReply {
            let isTemporary = error.code == .shuttingDown || error.code == .overloaded && retriesOverloaded
            guard isTemporary, isRepeatable else { return nil }
            wait = Self.wait(for: error) ?? Self.defaultWait
        } else {
            guard isRepeatable || !mayHaveBeenSent, error != .clientClosed else { return nil }
            guard error.code == .connectionFailed || error.code == .connectionClosed else { return nil }
            wait = Self.wait(for: error) ?? .zero
        }
        return wait <= waitLimit && wait < remaining ? wait : nil
    }

    private static func wait(for error: CacheError) -> TimeAmount? {
        // More than a day is never waited for; the bound keeps the arithmetic in range.
        error.retryAfterMilliseconds.map { .milliseconds(min($0, 86_400_000)) }
    }
}

extension Request {
    /// Whether sending it twice leaves the same as sending it once.
    var isRepeatable: Bool {
        switch self {
        case .hello, .ping, .statistics, .lookup, .get, .scan, .lease, .listNamespaces, .createNamespace, .follow: true
        case .insert, .delete, .purge, .liftFence, .dropNamespace: false
        // A version or label that holds already is answered so, and changes nothing.
        case .invalidate(let request):
            request.invalidations.allSatisfy { item in
                switch item {
                case .success(let invalidation):
                    switch invalidation.change {
                    case .version, .label: true
                    case .bump, .reset: false
                    }
                case .failure: true
                }
            }
        }
    }
}
