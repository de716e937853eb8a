import Testing

@testable import GatewayCore

@Suite struct TextFormTests {
    @Test func spansOfTimeAreReadAndWritten() {
        for (text, milliseconds) in [
            ("500ms", 500), ("90s", 90_000), ("30m", 1_800_000), ("1h", 3_600_000), ("7d", 604_800_000),
        ] {
            #expect(DurationText.milliseconds(parsing: text) == Int64(milliseconds))
            #expect(
                DurationText.milliseconds(parsing: DurationText.text(milliseconds: Int64(milliseconds)))
                    == Int64(milliseconds))
        }
        #expect(DurationText.text(milliseconds: 60_000) == "1m" && DurationText.text(milliseconds: 61_000) == "61s")
        for text in ["", "5", "s", "0s", "-1s", "1.5s", "1 s", "1S", "9223372036854775807d", "９s"] {
            #expect(DurationText.milliseconds(parsing: text) == nil)
        }
    }

    @Test func sizesAreReadAndWritten() {
        for (text, bytes) in [("0", 0), ("65536", 65_536), ("64KiB", 65_536), ("16 MiB", 16 << 20), ("1kB", 1_000)] {
            #expect(ByteCountText.bytes(parsing: text) == bytes)
            #expect(ByteCountText.bytes(parsing: ByteCountText.text(bytes: bytes)) == bytes)
        }
        #expect(ByteCountText.text(bytes: 8 << 20) == "8MiB" && ByteCountText.text(bytes: 1_000) == "1000")
        for text in ["", "KiB", "-1", "1.5MiB", "9223372036854775807GiB", "1 MiB x"] {
            #expect(ByteCountText.bytes(parsing: text) == nil)
        }
    }

    @Test func numbersAreWrittenWithTheirDigits() {
        #expect(DecimalText.text(0.99996, digits: 4) == "1.0000" && DecimalText.text(0.05, digits: 4) == "0.0500")
        #expect(DecimalText.text(-0.5, digits: 2) == "-0.50" && DecimalText.text(-0.001, digits: 2) == "0.00")
        for number in [Double.infinity, .nan, 1e300] { #expect(DecimalText.text(number, digits: 2) == "0") }
    }

    @Test func addressesAreReadAndWritten() {
        for text in ["127.0.0.1:0", "[::1]:8077", "unix:/run/x.sock", "host:65535"] {
            #expect(ServiceLocation(text)?.description == text)
        }
        for text in ["", "host", ":1", "host:", "host:65536", "::1:80", "unix:", "ho st:1", "http://host:1", "host:+1"]
        {
            #expect(ServiceLocation(text) == nil)
        }
    }

    @Test func theNearestNameIsTheOneWithTheFewestMistakes() {
        let names = ["listen", "limits", "cache", "routes"]
        #expect(NearestName.of("lisetn", in: names) == "listen" && NearestName.of("LIMIT", in: names) == "limits")
        #expect(NearestName.of("upstreams", in: names) == nil)
        #expect(NearestName.of(String(repeating: "x", count: 10_000), in: names) == nil)
        #expect(NearestName.distance(Array("ab".utf8), Array("ba".utf8)) == 1)
        #expect(NearestName.distance([], Array("abc".utf8)) == 3)
    }
}
