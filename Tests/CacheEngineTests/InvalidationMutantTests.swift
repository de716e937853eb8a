import Foundation
import Testing

/// The table of mutants fits the source, so that `scripts/mutants` tries what it says.
@Suite struct InvalidationMutantTests {
    private struct Mutant {
        var name: String
        var fields: [String: String] = [:]
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func mutants() throws -> [Mutant] {
        let table = try String(contentsOf: root.appending(path: "Tests/Mutants/mutants.txt"), encoding: .utf8)
        var mutants: [Mutant] = []
        for line in table.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("["), line.hasSuffix("]") {
                mutants.append(Mutant(name: String(line.dropFirst().dropLast())))
            } else if !mutants.isEmpty, let colon = line.firstRange(of: ": ") {
                let value = String(line[colon.upperBound...]).replacing("\\n", with: "\n")
                mutants[mutants.count - 1].fields[String(line[..<colon.lowerBound])] = value
            }
        }
        return mutants
    }

    @Test func whatEachMutantReplacesOccursExactlyOnce() throws {
        let mutants = try Self.mutants()
        #expect(mutants.count >= 50)
        #expect(Set(mutants.map(\.name)).count == mutants.count)
        for mutant in mutants {
            let file = try #require(mutant.fields["file"], "\(mutant.name)")
            let find = try #require(mutant.fields["find"], "\(mutant.name)")
            let with = try #require(mutant.fields["with"], "\(mutant.name)")
            let source = try String(contentsOf: Self.root.appending(path: file), encoding: .utf8)
            #expect(source.ranges(of: find).count == 1, "\(mutant.name)")
            #expect(find != with, "\(mutant.name)")
        }
    }
}
