import Foundation
import Testing

@Suite struct DemoDataTests {
    private static let threshold = 0.90

    private let entries: DemoData
    private let queries: DemoData

    init() throws {
        entries = try DemoData("support")
        queries = try DemoData("queries")
    }

    @Test func rowsHaveUnitLength() {
        for row in entries.rows + queries.rows {
            let norm = row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(norm - 1) < 1e-6)
        }
    }

    @Test func entriesHaveOnlyKeysThatAnImportTakesAndNameTheirSources() throws {
        let keys: Set<String> = [
            "prompt", "payload", "content_type", "scope", "key", "depends_on", "tags", "expires_at", "ttl_ms",
            "cost_saved_usd", "lease",
        ]
        for line in entries.lines {
            #expect(keys.isSuperset(of: line.keys))
            #expect(line["payload"] is String)
            // A version or a label on every source, so that the import needs no lease.
            let sources = try #require(line["depends_on"] as? [String])
            #expect(!sources.isEmpty && sources.allSatisfy { $0.wholeMatch(of: /[\w\/]+(?:@\d+|#\w+)/) != nil })
        }
    }

    @Test func promptsAreAllDifferent() throws {
        let prompts = try entries.lines.indices.map(entries.prompt) + queries.lines.indices.map(queries.prompt)
        #expect(Set(prompts).count == prompts.count)
    }

    @Test func aQueryMatchesTheEntryThatItNamesAndOthersMatchNone() throws {
        for row in queries.lines.indices {
            let nearest = try #require(queries.neighbors(of: row, in: entries).first)
            if let matches = queries.lines[row]["matches"] as? String {
                #expect(try entries.prompt(nearest.row) == matches)
                #expect(nearest.similarity >= Self.threshold)
            } else {
                #expect(nearest.similarity < Self.threshold)
            }
        }
    }

    @Test func theTableOfTheDemosReadmeSaysWhatIsMeasured() throws {
        let table = try RepositoryFile(path: "Demo/README.md").text()
        var figureCount = 0
        for row in queries.lines.indices {
            let name = try #require(queries.lines[row]["name"] as? String)
            let nearest = try #require(queries.neighbors(of: row, in: entries).first)
            let figure = String(format: "%.4f", nearest.similarity)
            let query = try queries.prompt(row)
            let match = try entries.prompt(nearest.row)
            let start = "| \(row) | `\(name)` | \(query) | \(nearest.row): \(match) ("
            let line = table.split(separator: "\n").first { $0.hasPrefix(start) }
            try #require(line != nil, "no line begins \(start)")
            #expect(line?.hasSuffix("| \(figure) |") == true, "measured: \(figure)")
            figureCount += 1
        }
        #expect(figureCount == 8)
    }
}
