/// Whether a service should be sent requests.
package enum ServiceReadiness: Hashable, Sendable {
    case ready
    /// Not now, with the reason in words.
    case notReady(String)
}

/// How far a server has come.
enum ServerPhase: Hashable, Sendable {
    case starting, serving, draining, stopped
}
