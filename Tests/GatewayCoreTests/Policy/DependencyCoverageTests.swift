import CacheModel
import Testing

@testable import GatewayCore

@Suite struct DependencyCoverageTests {
    private static let later = Generation(incarnation: 7, sequence: 3)

    @Test(arguments: [
        ("", "", true), ("a@1", "", true), ("", "a", false), ("a@1", "a", true), ("a#x", "a", true), ("a", "a", true),
        ("a@1,b@2", "b", true), ("b@2", "a,b", false), ("a@2", "a@1", true), ("a@1", "a@1", true), ("a@1", "a@2", false),
        ("a#x", "a#x", true), ("a#x", "a#y", false), ("a", "a@1", false), ("a", "a#x", false), ("a@1", "a#1", false),
        ("a#1", "a@1", false), ("A@1", "a@1", false), ("a@1", "a@1,b", false), ("a@18446744073709551615", "a@1", true),
    ])
    func anAnswerCountsIfItRestsOnAllThatIsWanted(_ stored: String, _ wanted: String, _ expected: Bool) throws {
        #expect(
            DependencyCoverage.covers(try DependencyList.parse(stored), try DependencyList.parse(wanted)) == expected,
            "\(stored) for \(wanted)")
    }

    @Test func versionsOfTwoGenerationsAreNotCompared() {
        let one = Dependency("a", .ordered(5)), other = Dependency("a", .ordered(5, generation: Self.later))
        #expect(DependencyCoverage.covers([one], [one]) && DependencyCoverage.covers([other], [other]))
        #expect(!DependencyCoverage.covers([one], [other]) && !DependencyCoverage.covers([other], [one]))
    }
}
