import CacheModel
import Testing

@testable import GatewayCore

@Suite struct DependencyListTests {
    @Test func theExampleOfTheDocumentIsReadAsItSays() throws {
        #expect(
            try DependencyList.parse("kb/refunds@42, kb/faq#a1b2c3, kb/shipping")
                == [
                    Dependency("kb/refunds", .ordered(42)), Dependency("kb/faq", .labelled("a1b2c3")),
                    Dependency("kb/shipping"),
                ])
        let generation = try #require(Generation("00c1f3a09b2e7d44:17"))
        #expect(
            try DependencyList.parse("kb/refunds@42~00c1f3a09b2e7d44:17")
                == [Dependency("kb/refunds", .ordered(42, generation: generation))])
    }

    @Test func theFirstSignEndsANameAndALabelMayHaveBoth() throws {
        #expect(try DependencyList.parse("a#b@c#d") == [Dependency("a", .labelled("b@c#d"))])
        #expect(try DependencyList.parse("a%40b%23c@1") == [Dependency("a@b#c", .ordered(1))])
        #expect(
            try DependencyList.parse("s3://bucket/x%2Cy.csv#a%2Cb") == [
                Dependency("s3://bucket/x,y.csv", .labelled("a,b"))
            ])
    }

    @Test func anEmptyListAndEmptyElementsAreNoDependencies() throws {
        #expect(try DependencyList.parse("") == [])
        #expect(try DependencyList.parse(" ,\t, a@1 ,") == [Dependency("a", .ordered(1))])
    }

    @Test func theSameSourceTwiceCountsOnceAndNeverInTwoVersions() throws {
        #expect(try DependencyList.parse("a@1, a@1") == [Dependency("a", .ordered(1))])
        #expect(throws: DependencyList.Problem.self) { try DependencyList.parse("a@1, a") }
        // Labels that only look alike are different labels, and names as well.
        #expect(throws: DependencyList.Problem.self) { try DependencyList.parse("a#\u{e9}, a#e\u{301}") }
        #expect(try DependencyList.parse("\u{e9}@1, e\u{301}@2").count == 2)
    }

    @Test func aCommaSeparatesWhateverMarkFollowsIt() throws {
        #expect(try DependencyList.parse("a@1,\u{301}b@2").count == 2)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var generator = SeededGenerator(seed: 5)
        let alphabet = Array("ab/@#%,~ é\u{301}漢\t\"".unicodeScalars)
        for _ in 0..<2_000 {
            func text() -> String {
                var scalars = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 1...12, using: &generator) {
                    scalars.append(alphabet.randomElement(using: &generator) ?? "a")
                }
                return String(scalars)
            }
            var dependencies: [Dependency] = []
            for index in 0..<Int.random(in: 0...5, using: &generator) {
                let version: DataVersion =
                    switch Int.random(in: 0...3, using: &generator) {
                    case 0: .unnamed
                    case 1: .ordered(.random(in: 0...(.max), using: &generator))
                    case 2:
                        .ordered(
                            7,
                            generation: Position(
                                incarnation: .random(in: 0...(.max), using: &generator),
                                sequence: .random(in: 1...(.max), using: &generator)))
                    default: .labelled(text())
                    }
                dependencies.append(Dependency("\(index)" + text(), version))
            }
            let read = try DependencyList.parse(DependencyList.text(dependencies))
            #expect(read.map(Self.bytes) == dependencies.map(Self.bytes))
        }
    }

    private static func bytes(_ dependency: Dependency) -> [UInt8] {
        Array(dependency.source.utf8) + [0] + Array("\(dependency.version)".utf8)
    }
}
