package import CacheModel

extension GatewayError {
    /// What was wanted of the cache service when it failed.
    ///
    /// A chat request never fails for it: there the failure is a bypass, and this is not used.
    package enum CacheUse: Hashable, Sendable {
        /// News about sources: what could not be made durable is to be sent again.
        case invalidation
        /// A lease, an entry, a list: somebody asked the gateway for the cache itself.
        case direct
    }

    /// What a caller is told when the cache service refuses, or cannot be reached.
    package init(_ error: CacheError, during use: CacheUse) {
        let code = Code(error.code, during: use)
        var retryAfterSeconds: Int?
        if code.isTemporary {
            // Rounded up: a client that comes back early is refused again.
            let milliseconds = error.detail["retry-after-ms"].flatMap(Int.init) ?? 0
            retryAfterSeconds = min(max(1, milliseconds / 1_000 + (milliseconds % 1_000 > 0 ? 1 : 0)), 3_600)
        }
        self.init(
            code, "The cache says \(error.code.rawValue): \(error.message)",
            parameter: error.detail["field"] ?? error.detail["source"], retryAfterSeconds: retryAfterSeconds)
    }
}

extension GatewayError.Code {
    /// Whether the same request may succeed a moment later.
    package var isTemporary: Bool { status == 503 }

    fileprivate init(_ code: CacheError.Code, during use: GatewayError.CacheUse) {
        let unavailable: Self = use == .invalidation ? .invalidationUnavailable : .cacheUnavailable
        switch code {
        case .invalidArgument, .entryNotFound, .limitExceeded: self = .invalidRequest
        case .payloadTooLarge, .frameTooLarge: self = .requestTooLarge
        case .staleDependency: self = .staleDependency
        case .leaseRequired, .badLease: self = .invalidLease
        case .namespaceNotFound: self = .namespaceNotFound
        case .kindMismatch, .generationConflict, .labelConflict, .superseded, .namespaceConflict: self = .conflict
        case .overloaded: self = use == .invalidation ? .invalidationUnavailable : .overloaded
        case .fenced, .storageFull, .storageFailed, .storeLocked, .storeDamaged, .unsupportedFormat, .shuttingDown,
            .connectionFailed, .connectionClosed, .deadlineExceeded, .internalError:
            self = unavailable
        // Until somebody gives the gateway a token that is good for it: news of sources must not be lost meanwhile.
        case .unauthenticated, .forbidden: self = unavailable
        // The gateway and the cache disagree about the protocol, the vectors or the settings: nothing the caller can
        // mend.
        case .malformedFrame, .unsupportedVersion, .dimensionMismatch, .invalidVector, .modelMismatch,
            .invalidConfiguration:
            self = .internalError
        }
    }
}
