import CacheModel
import CacheProtocol
import Foundation
import Testing

/// The document is what strangers write clients from: it must say what the code does.
@Suite struct ProtocolDocumentTests {
    private let document: String
    private let lines: [Substring]

    init() throws {
        document = try String(contentsOf: HexFixture.root.appending(path: "docs/PROTOCOL.md"), encoding: .utf8)
        lines = document.split(separator: "\n", omittingEmptySubsequences: false)
    }

    private func cells(_ line: Substring) -> [String] {
        line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// The rows of the table with this header line.
    private func table(_ header: String) throws -> [[String]] {
        let start = try #require(lines.firstIndex { $0.hasPrefix(header) }, "no table \(header)")
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map(cells)
    }

    @Test func theExamplesAreTheFixtures() throws {
        var checked: Set<String> = []
        for (index, line) in lines.enumerated() where line.hasPrefix("```hex ") {
            let name = String(line.dropFirst("```hex ".count))
            let block = lines[(index + 1)...].prefix { $0 != "```" }
            #expect(block.joined(separator: "\n") + "\n" == (try HexFixture.text(name)), "\(name)")
            checked.insert(name)
        }
        #expect(checked.count >= 10)
    }

    @Test func everyOpcodeIsInItsTableAndNoOther() throws {
        let documented = try table("| opcode | request |").map { $0[0] }
        let expected = Opcode.allCases.map { "`0x" + String(format: "%02x", Int($0.rawValue)) + "`" }
        #expect(documented == expected)
    }

    @Test func everyErrorIsInItsTableWithItsNumberAndWhetherItCloses() throws {
        let documented = try table("| number | name | when |")
        let codes = CacheError.Code.allCases.sorted { $0.number < $1.number }
        #expect(documented.map { $0[0] } == codes.map { String($0.number) })
        #expect(documented.map { $0[1] } == codes.map { "`\($0.rawValue)`" })
        #expect(documented.map { $0[4] == "yes" } == codes.map { CacheError($0, "").closesConnection })
    }

    @Test func everyLimitIsInItsTableWithItsValue() throws {
        let documented = try table("| number | limit | value |")
        #expect(documented.map { $0[0] } == ServiceLimits.Name.allCases.map { String($0.rawValue) })
        #expect(documented.map { $0[2] } == ServiceLimits.Name.allCases.map { String(ServiceLimits.current[$0]) })
    }

    @Test func everyReasonOfAMissIsNamedWithItsNumber() throws {
        let names: [Miss.Reason: String] = [
            .nothingStored: "nothing stored", .belowThreshold: "below threshold", .stale: "stale", .expired: "expired",
            .fenced: "fenced",
        ]
        let expected = Miss.Reason.allCases.map { "\($0.rawValue) \(names[$0] ?? "?")" }.joined(separator: ", ")
        #expect(document.contains(expected))
    }

    @Test func theTextFormsAreThoseOfTheCode() throws {
        let lease = GoldenFrames.lease(17)
        let forms = [
            lease.position.description, lease.description, GoldenFrames.scope.description,
            "0x" + namespaceFingerprint("support").hexadecimal,
        ]
        for form in forms { #expect(document.contains("`\(form)`"), "\(form)") }
    }
}
