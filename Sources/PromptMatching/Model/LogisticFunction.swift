#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Between log-odds and probabilities.
enum LogisticFunction {
    /// 1 ∕ (1 + e⁻ˣ).
    static func probability(_ logOdds: Double) -> Double { 1 / (1 + exp(-logOdds)) }

    /// The inverse; probabilities next to 0 and 1 are taken a little inwards.
    static func logOdds(_ probability: Double) -> Double {
        let inner = min(max(probability, 1e-9), 1 - 1e-9)
        return log(inner / (1 - inner))
    }
}
