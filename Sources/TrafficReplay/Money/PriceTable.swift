package import GatewayCore

/// What a model costs, in 10^-15 dollars for a token: small enough that every published price is a whole number.
package struct ModelPrice: Hashable, Sendable {
    package struct Rates: Hashable, Sendable {
        package var input: Int64
        package var output: Int64
        /// For input that the provider had in its own prompt cache, or put there; nil for the price of input.
        package var cachedInput: Int64?
        package var cacheWrite: Int64?

        package init(input: Int64, output: Int64, cachedInput: Int64? = nil, cacheWrite: Int64? = nil) {
            self.input = input
            self.output = output
            self.cachedInput = cachedInput
            self.cacheWrite = cacheWrite
        }
    }

    package var rates: Rates
    /// For requests with more than 200,000 tokens of input, where a provider has other prices for them.
    package var longRates: Rates?

    package init(_ rates: Rates, long: Rates? = nil) {
        self.rates = rates
        longRates = long
    }

    static let longInputTokens = 200_000

    /// What one call costs, rounded half up to a billionth of a dollar.
    package func cost(of usage: TokenUsage) -> NanoDollars {
        let rates = usage.inputTokens > Self.longInputTokens ? longRates ?? rates : rates
        let special = usage.cachedInputTokens + usage.cacheWriteInputTokens
        let sum =
            Int128(max(0, usage.inputTokens - special)) * Int128(rates.input)
            + Int128(usage.cachedInputTokens) * Int128(rates.cachedInput ?? rates.input)
            + Int128(usage.cacheWriteInputTokens) * Int128(rates.cacheWrite ?? rates.input)
            + Int128(usage.outputTokens) * Int128(rates.output)
        return NanoDollars(count: Int64(clamping: (sum + 500_000) / 1_000_000))
    }
}

/// Prices by the names of models.
package struct PriceTable: Sendable {
    package struct Problem: Error, CustomStringConvertible {
        package var description: String
    }

    private var prices: [String: ModelPrice]
    /// Where they come from, for the report.
    package var origin: String

    package init(_ prices: [String: ModelPrice], origin: String) {
        self.prices = prices
        self.origin = origin
    }

    package var count: Int { prices.count }

    /// The price of a model, as it is named or without a provider before it: `openai/gpt-4o`. A date at the end of a
    /// name is part of it: versions of a model have had different prices.
    package func price(_ model: String) -> ModelPrice? {
        if let price = prices[model] { return price }
        guard let slash = model.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return prices[String(model[model.utf8.index(after: slash)...])]
    }

    /// Reads `model_prices_and_context_window.json` of LiteLLM, or a part of it. What has no price for tokens is passed
    /// over.
    ///
    /// - Throws: `Problem` for what is no such file.
    package init(liteLLM bytes: [UInt8], origin: String) throws(Problem) {
        let root: JSONView
        do {
            root = try JSONDocument(bytes, limits: .answer).root
        } catch {
            throw Problem(description: "\(origin) is not JSON: \(error)")
        }
        var prices: [String: ModelPrice] = [:]
        for (name, value) in root.members {
            guard let rates = Self.rates(value, suffix: "") else { continue }
            prices[name] = ModelPrice(rates, long: Self.rates(value, suffix: "_above_200k_tokens"))
        }
        guard !prices.isEmpty else { throw Problem(description: "\(origin) has no prices in LiteLLM's form") }
        self.init(prices, origin: origin)
    }

    private static func rates(_ model: JSONView, suffix: String) -> ModelPrice.Rates? {
        func rate(_ name: String) -> Int64? {
            guard let number = model.present(name + suffix), number.kind == .number else { return nil }
            return DecimalNumber.scaled(number.bytes, power: 15)
        }
        guard let input = rate("input_cost_per_token"), let output = rate("output_cost_per_token") ?? embedding(model)
        else { return nil }
        return .init(
            input: input, output: output, cachedInput: rate("cache_read_input_token_cost"),
            cacheWrite: rate("cache_creation_input_token_cost"))
    }

    /// Embeddings have no output to pay for, and some tables do not say so.
    private static func embedding(_ model: JSONView) -> Int64? {
        model["mode"]?.stringValue == "embedding" ? 0 : nil
    }
}
