import Foundation

/// docs/GATEWAY.md, as far as its tables go.
enum GatewayDocument {
    private static let file = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/GATEWAY.md")

    static func text() throws -> String { try String(contentsOf: file, encoding: .utf8) }

    /// The cells of the rows below a line that is `header`, the rule of the table left out.
    ///
    /// - Parameter table: which of the tables with this header, counted from 0.
    static func rows(below header: String, table: Int = 0) throws -> [[String]] {
        let lines = try text().split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.indices.filter({ lines[$0] == header }).dropFirst(table).first else { return [] }
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What stands between back ticks in a cell.
    static func code(in cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .compactMap { $0.offset.isMultiple(of: 2) ? nil : String($0.element) }
    }
}
