import Foundation
import Testing

@testable import GatewayCore

@Suite struct InternetTimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00.000001z", 1),
            ("2000-02-29 12:34:56.5+01:00", 951_824_096_500_000),
            ("2026-03-01T12:00:00", 1_772_366_400_000_000), ("2026-03-01T12:00:00.123456789Z", 1_772_366_400_123_456),
            ("1969-12-31T23:00:00-01:00", nil), ("1970-01-01T00:00:00-01:00", 3_600_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000_000), ("2026-03-01T12:00:00+0530", 1_772_346_600_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] as [(String, UInt64?)])
    func aTimeIsMicrosecondsSince1970(_ text: String, _ expected: UInt64?) {
        #expect(InternetTime.microseconds(text) == expected)
    }

    @Test(arguments: [
        "", "2026", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00Zx", "2026-1-1T00:00:00Z",
        "１970-01-01T00:00:00Z", "2026-01-01T00:00:00+", "1970-01-01T00:00:00+01:00",
    ])
    func whatIsNoTimeIsNone(_ text: String) { #expect(InternetTime.microseconds(text) == nil) }

    @Test func everyDayAgreesWithTheCalendar() throws {
        let style = Date.ISO8601FormatStyle()
        for day in stride(from: 0, to: 2_932_896, by: 97) {
            let text = Date(timeIntervalSince1970: TimeInterval(day) * 86_400).formatted(style)
            #expect(InternetTime.microseconds(text) == UInt64(day) * 86_400_000_000, "\(text)")
        }
    }
}
