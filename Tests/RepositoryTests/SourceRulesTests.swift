import Foundation
import Testing

@Suite struct SourceRulesTests {
    private static let folders = ["Sources", "Benchmarks", "Tests"]
    private static let swiftFiles = folders.flatMap { Repository.files(in: $0, withExtensions: ["swift"]) }
    private static let sourceFiles = folders.flatMap {
        Repository.files(in: $0, withExtensions: ["swift", "c", "h"])
    }

    @Test(arguments: swiftFiles)
    func whatTrapsOrIsUncheckedStandsBesideAReason(_ file: RepositoryFile) throws {
        for (line, name) in SourceRules.unreasonedUses(in: try file.text()) {
            Issue.record("\(file.path):\(line): \(name) without a comment on this line or the one before")
        }
    }

    @Test(arguments: sourceFiles)
    func aFileIsShortEnoughToRead(_ file: RepositoryFile) throws {
        let count = SourceRules.lineCount(of: try file.text())
        #expect(count <= SourceRules.lineCountLimit, "\(file.path) has \(count) lines")
    }

    @Test func thisRepositoryIsSeen() {
        #expect(Self.sourceFiles.contains(RepositoryFile(path: "Sources/CacheModel/Limits.swift")))
        #expect(Self.sourceFiles.contains(RepositoryFile(path: "Tests/RepositoryTests/SourceRulesTests.swift")))
    }

    @Test(arguments: [
        "fatalError(\"no\")", "let a = try! load()", "let b = c as! D", "final class E: @unchecked Sendable {}",
        "nonisolated(unsafe) var f = 0", "let g = \"\\(try! load())\"", "let h = #\"\\\"# + \"\\(i as! J)\"",
        "// a reason that is too far away\n\ntry! load()", "let url = \"https://example\"; fatalError()",
    ])
    func aUseWithoutAReasonIsFound(_ source: String) {
        #expect(SourceRules.unreasonedUses(in: source).count == 1)
    }

    @Test(arguments: [
        "fatalError(\"no\")  // the process cannot go on", "// the literal is valid\nlet a = try! load()",
        "/* checked\n above */ b as! C", "// fatalError()", "let text = \"try! as! \"", "let raw = #\"\"try!\"\"#",
        "\"\"\"\n fatalError(\n\"\"\"", "let d = e as? F", "try load()", "/* /* nested */ try! */",
    ])
    func aReasonedUseOrATextIsNone(_ source: String) {
        #expect(SourceRules.unreasonedUses(in: source).isEmpty)
    }

    @Test func linesAreCountedAsAnEditorCountsThem() {
        #expect(SourceRules.lineCount(of: "one\ntwo\n") == 2)
        #expect(SourceRules.lineCount(of: "one\ntwo") == 2)
        #expect(SourceRules.lineCount(of: String(repeating: "line\n", count: 401)) > SourceRules.lineCountLimit)
    }
}
