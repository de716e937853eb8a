/// Aligned columns, two spaces apart.
struct TextTable {
    enum Alignment {
        case left
        case right
    }

    struct Column {
        var title: String
        var alignment: Alignment

        init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    var columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Cells beyond the columns are not shown; missing ones are empty.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The titles and the rows, no spaces at the end of a line.
    var lines: [String] {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in all.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return all.map { Self.line($0, widths, columns) }
    }

    private static func line(_ cells: [String], _ widths: [Int], _ columns: [Column]) -> String {
        let padded = columns.indices.map { column in
            let cell = column < cells.count ? cells[column] : ""
            let padding = String(repeating: " ", count: widths[column] - cell.count)
            return columns[column].alignment == .left ? cell + padding : padding + cell
        }
        let line = padded.joined(separator: "  ")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }

    /// Names and values under each other, indented by two: the form of everything that is one thing.
    static func pairs(_ pairs: [(name: String, value: String)]) -> [String] {
        let width = pairs.map(\.name.count).max() ?? 0
        return pairs.map { "  " + $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value }
    }
}
