import CacheModel
import Foundation
import Testing

@testable import semblance

/// Metrics of the program as a process.
@Suite struct MetricsCommandTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func theServiceSaysWhereItsMetricsAreAndWhoElseWantsThatPlaceDoesNotStart() async throws {
        let arguments = ["--data", folder.file("store"), "--map-size", "1GiB", "--metrics-listen", "127.0.0.1:0"]
        let other = ["serve", "--listen", "127.0.0.1:0", "--data", folder.file("other"), "--map-size", "1GiB"]
        let (_, outcome) = try await BuiltExecutable.serve(arguments) { _, greeting in
            let match = try #require(greeting.firstMatch(of: #/metrics +http://(127.0.0.1:[1-9]\d*)/metrics/#))
            let refused = try await BuiltExecutable.run(other + ["--metrics-listen", String(match.1)])
            #expect(refused.exitCode == 1)
            #expect(refused.error.contains("error: invalid-configuration: cannot serve metrics there"))
        }
        #expect(outcome.exitCode == 0, "\(outcome.error)")
    }

    @Test func aServiceWithoutMetricsNamesNone() async throws {
        let arguments = ["--data", folder.file("store"), "--map-size", "1GiB", "--metrics-listen", "off"]
        let (greeting, _) = try await BuiltExecutable.serve(arguments) { _, greeting in greeting }
        #expect(!greeting.contains("metrics"))
    }
}
