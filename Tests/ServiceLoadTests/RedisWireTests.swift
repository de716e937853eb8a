import BenchmarkHarness
import ServiceLoad
import Testing

@Suite struct RedisWireTests {
    private func length(_ text: String) throws -> Int? {
        try Array(text.utf8).withUnsafeBytes { try RedisWire.length($0) }
    }

    @Test func aCommandIsAnArrayOfStrings() {
        #expect(RedisWire.command("GET", "row") == Array("*2\r\n$3\r\nGET\r\n$3\r\nrow\r\n".utf8))
    }

    @Test(arguments: [
        ("+PONG\r\n", 7), (":12\r\n+", 5), ("$3\r\nabc\r\n", 9), ("$3\r\nab", 9), ("$0\r\n\r\n", 6), ("$-1\r\n", 5),
    ])
    func aReplyTellsItsLength(_ text: String, _ count: Int) throws {
        #expect(try length(text) == count)
    }

    @Test(arguments: ["", "+", "+PON", "$153", "$1536\r"])
    func aReplyWithoutItsFirstLineIsAwaited(_ text: String) throws { #expect(try length(text) == nil) }

    @Test(arguments: ["-ERR unknown\r\n", "*1\r\n", "$x\r\n", "$99999999999\r\n", "\n"])
    func whatWasNotAskedForIsRefused(_ text: String) {
        #expect(throws: Failure.self) { try length(text) }
    }

    @Test func figuresOfRedisBenchmarkHaveTheirNames() throws {
        let text = """
            "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
            "GET","12345.67","0.078","0.040","0.071","0.111","0.151","0.567"

            """
        let figures = try #require(RedisWire.figures(of: text))
        #expect(figures["p50_latency_ms"] == 0.071)
        #expect(figures["rps"] == 12_345.67)
        #expect(RedisWire.figures(of: "Could not connect") == nil)
    }
}
