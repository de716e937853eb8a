/// A bar for each threshold, as wide as the terminal lets it be.
package struct BarChart: Sendable {
    package var width: Int
    /// Block characters; otherwise ASCII.
    package var isUnicode: Bool

    package init(width: Int, isUnicode: Bool) {
        self.width = width
        self.isUnicode = isUnicode
    }

    private struct Glyphs {
        var exact: Character
        var semantic: Character
        var wrong: Character
        var vetoed: Character
        var axis: Character
        var corner: Character
        var tick: Character
    }

    private var glyphs: Glyphs {
        isUnicode
            ? Glyphs(exact: "█", semantic: "▓", wrong: "×", vetoed: "░", axis: "─", corner: "└", tick: "┴")
            : Glyphs(exact: "#", semantic: "=", wrong: "x", vetoed: ".", axis: "-", corner: "+", tick: "+")
    }

    package func lines(_ report: ReplayReport) -> [String] {
        guard report.requests > 0, !report.outcomes.isEmpty else { return [] }
        let label = 6
        let room = max(20, min(width, 140) - label - 3 - 8)
        let most = report.outcomes.map { Double($0.hits + $0.vetoCount) / Double(report.requests) }.max() ?? 0
        // The end of the axis is a whole number of tens, so that its four parts can be named.
        let end = max(0.2, (most * 5).rounded(.up) / 5)
        let glyphs = glyphs
        var lines = report.outcomes.map { outcome in
            let scale = Double(room) / (end * Double(report.requests))
            // The unlabeled are taken for right.
            var edges = [
                outcome.exactHits, outcome.hits - outcome.falseHits, outcome.hits, outcome.hits + outcome.vetoCount,
            ].map { Int((Double($0) * scale).rounded()) }
            // A false hit that is there is seen, however few they are.
            if outcome.falseHits > 0, edges[1] == edges[2] { edges[1] = max(edges[0], edges[1] - 1) }
            var bar = String(repeating: glyphs.exact, count: edges[0])
            bar += String(repeating: glyphs.semantic, count: edges[1] - edges[0])
            bar += String(repeating: glyphs.wrong, count: edges[2] - edges[1])
            bar += String(repeating: glyphs.vetoed, count: edges[3] - edges[2])
            let wall: Character = isUnicode ? "│" : "|"
            return "\(padded(ReplayReport.value(outcome.value), label)) \(wall)\(bar) \(NumberText.percent(outcome.hitRate))"
        }
        lines.append(axis(label, room, end, glyphs))
        lines.append(axisLabels(label, room, end))
        lines.append("")
        lines.append(legend(report, glyphs))
        return lines
    }

    private func axis(_ label: Int, _ room: Int, _ end: Double, _ glyphs: Glyphs) -> String {
        var axis = [Character](repeating: glyphs.axis, count: room + 1)
        axis[0] = glyphs.corner
        for part in 1...4 { axis[room * part / 4] = glyphs.tick }
        return String(repeating: " ", count: label + 1) + String(axis)
    }

    private func axisLabels(_ label: Int, _ room: Int, _ end: Double) -> String {
        var line = String(repeating: " ", count: label + 1) + "0"
        for part in 1...4 {
            let text = "\(Int((end * 25 * Double(part)).rounded()))%"
            let position = label + 1 + room * part / 4
            line += String(repeating: " ", count: max(1, position + 1 - text.count / 2 - line.count)) + text
        }
        return line + "  of requests"
    }

    private func legend(_ report: ReplayReport, _ glyphs: Glyphs) -> String {
        var parts = ["\(glyphs.exact) letter for letter", "\(glyphs.semantic) by meaning"]
        if report.hasLabels { parts.append("\(glyphs.wrong) labeled a false hit") }
        if report.outcomes.contains(where: { $0.vetoCount > 0 }) { parts.append("\(glyphs.vetoed) vetoed: a miss") }
        return "       " + parts.joined(separator: "   ")
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
