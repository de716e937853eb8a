/// Aligned columns, two spaces apart.
struct TextTable {
    struct Column {
        var title: String
        var isRight: Bool

        init(_ title: String, isRight: Bool = true) {
            self.title = title
            self.isRight = isRight
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// A cell for each column.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The titles and the rows, no spaces at the end of a line.
    var lines: [String] {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in all.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return all.map { cells in
            var line = ""
            for (column, cell) in zip(columns.indices, cells) {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += (column > 0 ? "  " : "") + (columns[column].isRight ? padding + cell : cell + padding)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// Names and values under each other, indented by two.
    static func pairs(_ pairs: [(name: String, value: String)]) -> [String] {
        let width = pairs.map(\.name.count).max() ?? 0
        return pairs.map { "  " + $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value }
    }
}
