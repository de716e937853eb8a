extension PriceTable {
    /// A few models that many use, for when no table is given: of LiteLLM's `model_prices_and_context_window.json`, as
    /// of 2026-07-24. Prices change; `--prices` takes a table of today.
    package static let builtIn = PriceTable(wellKnown, origin: "the built-in table of 2026-07-24")

    private static let wellKnown: [String: ModelPrice] = [
        "gpt-3.5-turbo": price(input: 500_000, output: 1_500_000),
        "gpt-4-turbo": price(input: 10_000_000, output: 30_000_000),
        "gpt-4o": price(input: 2_500_000, output: 10_000_000, cachedInput: 1_250_000),
        "gpt-4o-2024-08-06": price(input: 2_500_000, output: 10_000_000, cachedInput: 1_250_000),
        "gpt-4o-2024-11-20": price(input: 2_500_000, output: 10_000_000, cachedInput: 1_250_000),
        "gpt-4o-mini": price(input: 150_000, output: 600_000, cachedInput: 75_000),
        "gpt-4o-mini-2024-07-18": price(input: 150_000, output: 600_000, cachedInput: 75_000),
        "gpt-4.1": price(input: 2_000_000, output: 8_000_000, cachedInput: 500_000),
        "gpt-4.1-2025-04-14": price(input: 2_000_000, output: 8_000_000, cachedInput: 500_000),
        "gpt-4.1-mini": price(input: 400_000, output: 1_600_000, cachedInput: 100_000),
        "gpt-4.1-mini-2025-04-14": price(input: 400_000, output: 1_600_000, cachedInput: 100_000),
        "gpt-4.1-nano": price(input: 100_000, output: 400_000, cachedInput: 25_000),
        "gpt-4.1-nano-2025-04-14": price(input: 100_000, output: 400_000, cachedInput: 25_000),
        "gpt-5": price(input: 1_250_000, output: 10_000_000, cachedInput: 125_000),
        "gpt-5-2025-08-07": price(input: 1_250_000, output: 10_000_000, cachedInput: 125_000),
        "gpt-5-mini": price(input: 250_000, output: 2_000_000, cachedInput: 25_000),
        "gpt-5-mini-2025-08-07": price(input: 250_000, output: 2_000_000, cachedInput: 25_000),
        "gpt-5-nano": price(input: 50_000, output: 400_000, cachedInput: 5_000),
        "gpt-5-nano-2025-08-07": price(input: 50_000, output: 400_000, cachedInput: 5_000),
        "gpt-5.1": price(input: 1_250_000, output: 10_000_000, cachedInput: 125_000),
        "o3": price(input: 2_000_000, output: 8_000_000, cachedInput: 500_000),
        "o4-mini": price(input: 1_100_000, output: 4_400_000, cachedInput: 275_000),
        "claude-3-haiku-20240307": price(input: 250_000, output: 1_250_000, cachedInput: 30_000, cacheWrite: 300_000),
        "claude-haiku-4-5": price(input: 1_000_000, output: 5_000_000, cachedInput: 100_000, cacheWrite: 1_250_000),
        "claude-haiku-4-5-20251001": price(
            input: 1_000_000, output: 5_000_000, cachedInput: 100_000, cacheWrite: 1_250_000),
        "claude-sonnet-4-20250514": price(
            input: 3_000_000, output: 15_000_000, cachedInput: 300_000, cacheWrite: 3_750_000,
            long: price(input: 6_000_000, output: 22_500_000, cachedInput: 600_000, cacheWrite: 7_500_000)),
        "claude-sonnet-4-5": price(
            input: 3_000_000, output: 15_000_000, cachedInput: 300_000, cacheWrite: 3_750_000,
            long: price(input: 6_000_000, output: 22_500_000, cachedInput: 600_000, cacheWrite: 7_500_000)),
        "claude-sonnet-4-5-20250929": price(
            input: 3_000_000, output: 15_000_000, cachedInput: 300_000, cacheWrite: 3_750_000,
            long: price(input: 6_000_000, output: 22_500_000, cachedInput: 600_000, cacheWrite: 7_500_000)),
        "claude-opus-4-1": price(
            input: 15_000_000, output: 75_000_000, cachedInput: 1_500_000, cacheWrite: 18_750_000),
        "claude-opus-4-5": price(input: 5_000_000, output: 25_000_000, cachedInput: 500_000, cacheWrite: 6_250_000),
        "claude-opus-4-5-20251101": price(
            input: 5_000_000, output: 25_000_000, cachedInput: 500_000, cacheWrite: 6_250_000),
        "gemini-2.5-flash": price(input: 300_000, output: 2_500_000, cachedInput: 30_000),
        "gemini-2.5-pro": price(
            input: 1_250_000, output: 10_000_000, cachedInput: 125_000,
            long: price(input: 2_500_000, output: 15_000_000, cachedInput: 250_000, cacheWrite: 250_000)),
    ]

    /// - Parameters: 10^-12 dollars for a token, which are dollars for a million tokens times 10^6.
    private static func price(
        input: Int64, output: Int64, cachedInput: Int64? = nil, cacheWrite: Int64? = nil, long: ModelPrice? = nil
    ) -> ModelPrice {
        ModelPrice(
            .init(
                input: input * 1_000, output: output * 1_000, cachedInput: cachedInput.map { $0 * 1_000 },
                cacheWrite: cacheWrite.map { $0 * 1_000 }),
            long: long?.rates)
    }
}
