import GatewayCore
import Testing

@testable import TrafficReplay

@Suite struct MoneyTests {
    @Test(arguments: [
        ("1", Int64(1_000_000_000)), ("0.25", 250_000_000), ("4.2e-4", 420_000), ("1E-9", 1), ("4e-10", 0), ("5e-10", 1),
        ("0.0000000014999999999", 1), ("0.00000000250", 3), ("9223372036.854775807", .max), ("0e999", 0), ("1e-900", 0),
    ])
    func dollarsBecomeBillionthsWithoutBinaryFractions(_ text: String, _ count: Int64) {
        #expect(NanoDollars(dollars: text.utf8) == NanoDollars(count: count))
    }

    @Test(arguments: [
        "", "-1", "1.2.3", ".5", "1e", "1e2.5", "NaN", "0x1", "9223372036.854775808", "1e10",
        "1234567890123456789012345678901", "1 ",
    ])
    func whatIsNoAmountIsNone(_ text: String) {
        #expect(NanoDollars(dollars: text.utf8) == nil)
    }

    @Test func sumsStopAtTheEndOfTheRange() {
        #expect(NanoDollars(count: .max) + NanoDollars(count: 1) == NanoDollars(count: .max))
        #expect(NanoDollars(count: -1) == .zero)
    }

    @Test(arguments: [
        (Int64(0), "$0.00"), (1_000, "$0.000001"), (41_800_000, "$0.0418"), (999_950_000, "$1.0000"),
        (1_234_567_000_000, "$1,234.57"),
    ])
    func amountsAreShownByTheirSize(_ count: Int64, _ text: String) {
        #expect(NanoDollars(count: count).text == text)
    }

    @Test func aCostIsRoundedOnceAfterAllTokensAreCounted() {
        // $0.0375 per million tokens are 37.5 billionths for a token.
        let price = ModelPrice(.init(input: 37_500_000, output: 0))
        #expect(price.cost(of: TokenUsage(inputTokens: 1, outputTokens: 9)).count == 38)
        #expect(price.cost(of: TokenUsage(inputTokens: 2, outputTokens: 9)).count == 75)
        let largest = AnswerLimits.tokenCount
        let dear = ModelPrice(.init(input: 10_000_000_000_000, output: 10_000_000_000_000))
        #expect(dear.cost(of: TokenUsage(inputTokens: largest, outputTokens: largest)).count == .max)
    }

    @Test func longInputHasPricesOfItsOwn() {
        let price = ModelPrice(.init(input: 3_000_000_000, output: 0), long: .init(input: 6_000_000_000, output: 0))
        #expect(price.cost(of: TokenUsage(inputTokens: 200_000, outputTokens: 0)).count == 600_000_000)
        #expect(price.cost(of: TokenUsage(inputTokens: 200_001, outputTokens: 0)).count == 1_200_006_000)
    }

    @Test func aTableInLiteLLMsFormIsRead() throws {
        let json = """
            {"sample_spec": {"input_cost_per_token": 0.0, "max_tokens": "text"},
             "m": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08},
             "e": {"input_cost_per_token": 2e-08, "mode": "embedding"},
             "picture": {"input_cost_per_pixel": 1e-08}}
            """
        let table = try PriceTable(liteLLM: Array(json.utf8), origin: "prices.json")
        #expect(table.price("m") == ModelPrice(.init(input: 150_000_000, output: 600_000_000, cachedInput: 75_000_000)))
        #expect(table.price("provider/m") == table.price("m"))
        #expect(table.price("e") == ModelPrice(.init(input: 20_000_000, output: 0)))
        #expect(table.price("picture") == nil)
        #expect(table.price("m-2026-01-01") == nil, "a version may cost something else")
        #expect(throws: PriceTable.Problem.self) { _ = try PriceTable(liteLLM: Array("{}".utf8), origin: "p") }
        #expect(throws: PriceTable.Problem.self) { _ = try PriceTable(liteLLM: Array("[".utf8), origin: "p") }
    }

    @Test func theBuiltInTableIsInDollarsForAMillionTokens() throws {
        let price = try #require(PriceTable.builtIn.price("gpt-4o-mini"))
        #expect(price.cost(of: TokenUsage(inputTokens: 1_000_000, outputTokens: 0)).text == "$0.1500")
        #expect(price.cost(of: TokenUsage(inputTokens: 0, outputTokens: 1_000_000)).text == "$0.6000")
    }
}
