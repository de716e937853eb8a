/// How a load goes, on one line of a terminal that is written over itself; nothing elsewhere.
struct BenchProgress {
    private let terminal: Terminal
    /// Nil for a load that ends with its last request.
    private let seconds: Double?
    /// Nil where nobody knows.
    private let requestCount: Int?
    private var latest: (elapsed: Duration, count: Int) = (.zero, 0)
    private var rate = 0.0
    private var isShown = false

    init(terminal: Terminal, seconds: Double?, requestCount: Int?) {
        self.terminal = terminal
        self.seconds = seconds
        self.requestCount = requestCount
    }

    mutating func show(answered: Int, errors: Int, elapsed: Duration) {
        guard terminal.isTerminal else { return }
        let interval = (elapsed - latest.elapsed).seconds
        // The rate of about the last second: what happens now, and still to be read.
        if interval >= 1 || rate == 0 {
            rate = interval > 0 ? Double(answered - latest.count) / interval : 0
            latest = (elapsed, answered)
        }
        let line = Self.line(
            answered: answered, errors: errors, elapsed: elapsed, rate: rate, seconds: seconds, of: requestCount)
        terminal.write("\r" + String(line.prefix(max(1, terminal.width - 1))) + "\u{1b}[K")
        isShown = true
    }

    /// Takes the line away again.
    mutating func finish() {
        if isShown { terminal.write("\r\u{1b}[K") }
        isShown = false
    }

    static func line(
        answered: Int, errors: Int, elapsed: Duration, rate: Double, seconds: Double?, of requestCount: Int?
    ) -> String {
        let share: Double =
            if let seconds { elapsed.seconds / seconds } else if let requestCount, requestCount > 0 {
                Double(answered + errors) / Double(requestCount)
            } else { 0 }
        let filled = Int(min(1, max(0, share)) * 24)
        var line = "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: 24 - filled) + "] "
        line += NumberText.fixed(elapsed.seconds, digits: 1)
        if let seconds { line += " of \(NumberText.fixed(seconds, digits: 1))" }
        line += " s  \(NumberText.grouped(answered)) answered"
        if seconds == nil, let requestCount { line += " of \(NumberText.grouped(requestCount))" }
        line += "  \(NumberText.grouped(Int(min(max(0, rate), 1e15))))/s"
        return errors > 0 ? line + "  \(NumberText.count(errors, "error", "errors"))" : line
    }
}
