package import CacheModel

extension CacheReason {
    package init(_ reason: Miss.Reason) {
        switch reason {
        case .nothingStored: self = .nothingStored
        case .belowThreshold: self = .belowThreshold
        case .stale: self = .stale
        case .expired: self = .expired
        case .fenced: self = .fenced
        }
    }

    /// Why a lookup or an insert failed: the request goes on without the cache.
    package init(_ error: CacheError) {
        switch error.code {
        case .staleDependency: self = .staleDependency
        case .leaseRequired: self = .leaseRequired
        case .superseded: self = .superseded
        case .fenced: self = .fenced
        case .payloadTooLarge, .frameTooLarge: self = .answer(.tooLarge)
        case .overloaded, .storageFull, .storageFailed, .storeLocked, .storeDamaged, .unsupportedFormat, .shuttingDown,
            .connectionFailed, .connectionClosed, .deadlineExceeded, .internalError:
            self = .cacheUnavailable
        case .malformedFrame, .unsupportedVersion, .invalidArgument, .dimensionMismatch, .invalidVector, .modelMismatch,
            .badLease, .kindMismatch, .generationConflict, .labelConflict, .namespaceNotFound, .namespaceConflict,
            .entryNotFound, .limitExceeded, .unauthenticated, .forbidden, .invalidConfiguration:
            self = .cacheRefused
        }
    }
}
