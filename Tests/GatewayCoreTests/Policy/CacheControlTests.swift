import Testing

@testable import GatewayCore

@Suite struct CacheControlTests {
    @Test func theFourDirectivesAreRead() throws {
        let control = try CacheControl(lines: ["No-Cache, no-store", "max-age = \"60\" , only-if-cached"])
        #expect(control.noCache && control.noStore && control.onlyIfCached)
        #expect(control.maximumAgeSeconds == 60)
    }

    @Test func whatIsNotOursIsPassedOver() throws {
        #expect(try CacheControl(lines: ["max-stale=5, no-transform, foo=\"bar\", ,"]) == CacheControl())
        #expect(try CacheControl(lines: []).allowsStoredAnswers)
    }

    @Test func theStrictestAgeCounts() throws {
        #expect(try CacheControl(lines: ["max-age=60, max-age=5", "max-age=70"]).maximumAgeSeconds == 5)
        #expect(try CacheControl(lines: ["max-age=99999999999999999999"]).maximumAgeSeconds == 1 << 31)
        #expect(try !CacheControl(lines: ["max-age=0"]).allowsStoredAnswers)
    }

    @Test(arguments: ["max-age", "max-age=", "max-age=x", "max-age=-1", "max-age=1.5", "max-age=\"", "max-age=\"5"])
    func anAgeThatIsNoNumberIsRefused(_ line: String) {
        let error = #expect(throws: GatewayError.self) { try CacheControl(lines: [line]) }
        #expect(error?.code == .invalidHeader && error?.parameter == "cache-control")
    }
}
