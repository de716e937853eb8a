import Foundation
import Testing

@Suite struct ImportTableTests {
    @Test func everyTargetStandsInTheTable() throws {
        let folders = try Repository.folders(in: "Sources")
        #expect(Set(folders) == ImportTable.targets, "a row of the table is missing, or a folder")
    }

    @Test func everySourceIsInTheFolderOfATarget() {
        for file in Repository.files(in: "Sources", withExtensions: ["swift", "c", "h"]) {
            #expect(file.target != nil, "\(file.path) lies beside the targets")
        }
    }

    @Test(arguments: Repository.files(in: "Sources", withExtensions: ["swift"]))
    func aSourceImportsOnlyWhatItsTargetMay(_ file: RepositoryFile) throws {
        let target = try #require(file.target)
        let allowed = try #require(ImportTable.modules[target], "\(target) is not in the table as a Swift target")
            .union(ImportTable.standardLibrary)
        for (line, module) in ImportTable.imports(in: try file.text()) {
            #expect(allowed.contains(module), "\(file.path):\(line): \(target) may not import \(module)")
        }
    }

    @Test(arguments: Repository.files(in: "Benchmarks", withExtensions: ["swift"]))
    func aBenchmarkImportsOnlyWhatItsTargetMay(_ file: RepositoryFile) throws {
        let target = try #require(file.target)
        let allowed = try #require(ImportTable.benchmarks[target], "\(target) is not in the table of benchmarks")
            .union(ImportTable.standardLibrary)
        for (line, module) in ImportTable.imports(in: try file.text()) {
            #expect(allowed.contains(module), "\(file.path):\(line): \(target) may not import \(module)")
        }
    }

    @Test(arguments: Repository.files(in: "Sources", withExtensions: ["c", "h"]))
    func aCSourceIncludesItsOwnHeadersAndThoseOfTheTable(_ file: RepositoryFile) throws {
        let target = try #require(file.target)
        let allowed = try #require(ImportTable.headers[target], "\(target) is not in the table as a C target")
        for (line, header, isSystem) in ImportTable.includes(in: try file.text()) {
            let isOwn = ["", "include/"].contains { Repository.exists("Sources/\(target)/\($0)\(header)") }
            #expect(
                isSystem ? allowed.contains(header) : isOwn,
                "\(file.path):\(line): \(target) may not include \(header)")
        }
    }

    @Test func arrowsRunOneWay() {
        func reachable(from target: String) -> Set<String> {
            var found: Set<String> = []
            var waiting = [target]
            while let next = waiting.popLast() {
                for module in ImportTable.modules[next] ?? [] where found.insert(module).inserted {
                    waiting.append(module)
                }
            }
            return found
        }
        for target in ImportTable.modules.keys {
            #expect(!reachable(from: target).contains(target), "\(target) reaches itself")
        }
        let client = reachable(from: "SemblanceClient")
        #expect(!client.contains("CacheEngine"), "a client reaches the cache over the socket only")
    }

    @Test(arguments: [
        "import Hidden", "package import Hidden", "public import Hidden", "@preconcurrency import Hidden",
        "@_exported import Hidden", "import struct Hidden.Type", "@_spi(Inner) internal import Hidden",
        "    private import func Hidden.call", "import CacheModel; import Hidden", "/* why */ import Hidden",
        "import Hidden.Part", "import enum Hidden.Kind // why",
    ])
    func anImportIsSeenInEveryForm(_ source: String) {
        #expect(ImportTable.imports(in: "let first = 1\n" + source).contains { $0 == (2, "Hidden") })
    }

    @Test(arguments: [
        "// import Hidden", "/* \n import Hidden\n*/", "\"\"\"\nimport Hidden\n\"\"\"", "let important = 1",
    ])
    func whatOnlyLooksLikeAnImportIsNone(_ source: String) {
        #expect(ImportTable.imports(in: source).isEmpty)
    }
}
