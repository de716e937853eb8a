package import CacheModel

/// What has to be there before the service listens where other machines can reach it: tokens, so that it knows who asks,
/// and TLS, so that nobody on the way reads or changes what is said. On loopback addresses and Unix sockets the system
/// keeps others out.
package struct ExposureRule: Hashable, Sendable {
    package var hasTokens: Bool
    package var hasTLS: Bool
    /// Whether somebody vouches for the network in place of TLS.
    package var allowsPlaintext: Bool

    package init(hasTokens: Bool, hasTLS: Bool, allowsPlaintext: Bool) {
        self.hasTokens = hasTokens
        self.hasTLS = hasTLS
        self.allowsPlaintext = allowsPlaintext
    }

    /// - Throws: `invalidConfiguration` for the first address that may not be listened on, with what is missing.
    package func check(_ addresses: [ListenAddress]) throws(CacheError) {
        for address in addresses { try check(address, demandsTokens: true) }
    }

    /// Metrics are counts without a name or a text in them, and nothing can be changed there: they need no token.
    ///
    /// - Throws: as `check` does.
    package func checkMetrics(_ address: ListenAddress) throws(CacheError) {
        try check(address, demandsTokens: false)
    }

    private func check(_ address: ListenAddress, demandsTokens: Bool) throws(CacheError) {
        guard case .network = address else { return }
        var missing: [String] = []
        if demandsTokens, !hasTokens { missing.append("tokens (`semblance token create` makes one)") }
        if !hasTLS, !allowsPlaintext {
            missing.append(
                "TLS (--tls-certificate FILE --tls-key FILE, or --insecure-plaintext where the network is trusted)")
        }
        guard !missing.isEmpty else { return }
        throw CacheError(
            .invalidConfiguration,
            "\(address) can be reached from other machines: the service does not listen there without "
                + missing.joined(separator: " and "),
            detail: ["address": address.description])
    }
}
