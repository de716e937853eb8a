/// How far something has come: a bar that is drawn over itself on a terminal, a line now and then elsewhere.
struct ProgressReport {
    let terminal: Terminal
    /// What is counted, such as `rows`.
    let unit: String
    let total: Int
    /// Where this run began; nothing before it counts for the speed.
    let start: Int
    private var lastShown: Duration?
    private var isBarShown = false

    init(terminal: Terminal, unit: String, total: Int, start: Int = 0) {
        self.terminal = terminal
        self.unit = unit
        self.total = total
        self.start = start
    }

    /// - Parameter elapsed: since the start of this run.
    mutating func show(_ count: Int, elapsed: Duration) {
        let interval: Duration = terminal.isTerminal ? .milliseconds(100) : .seconds(5)
        if let lastShown, elapsed - lastShown < interval { return }
        guard lastShown != nil || terminal.isTerminal || elapsed >= interval else { return }
        lastShown = elapsed
        draw(count, elapsed)
    }

    /// Ends the line of the bar, if there is one.
    mutating func finish(_ count: Int, elapsed: Duration) {
        if terminal.isTerminal, total > 0 { draw(count, elapsed) }
        if isBarShown { terminal.line() }
        isBarShown = false
    }

    private mutating func draw(_ count: Int, _ elapsed: Duration) {
        let line = Self.line(
            count, of: total, unit: unit, since: start, elapsed: elapsed, barWidth: terminal.isTerminal ? 24 : 0)
        if terminal.isTerminal {
            // Back to the first column, and clear what is left of the line before.
            terminal.write("\r" + String(line.prefix(max(1, terminal.width - 1))) + "\u{1b}[K")
            isBarShown = true
        } else {
            terminal.line(line)
        }
    }

    /// One line, with a bar of `barWidth` cells unless that is 0.
    static func line(
        _ count: Int, of total: Int, unit: String, since start: Int, elapsed: Duration, barWidth: Int
    ) -> String {
        let share = total > 0 ? min(1, Double(count) / Double(total)) : 1
        var line = ""
        if barWidth > 0 {
            let filled = Int(share * Double(barWidth))
            line +=
                "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: barWidth - filled) + "] "
        }
        line += "\(Int(share * 100))%  \(NumberText.grouped(count)) of \(NumberText.grouped(total)) \(unit)"
        let seconds = elapsed.seconds
        guard seconds > 0, count > start else { return line }
        let rate = Double(count - start) / seconds
        line += "  \(NumberText.grouped(Int(min(rate, 1e15)))) \(unit)/s"
        if count < total {
            let left = min(Double(total - count) / rate, 1e9)
            line += "  \(DurationText.text(milliseconds: Int64(left.rounded(.up)) * 1_000)) left"
        }
        return line
    }
}
