/// Where samples are shown: over each other on a terminal, under each other elsewhere.
struct WatchScreen {
    let terminal: Terminal
    let isJSON: Bool
    let address: String
    /// Lines that are drawn over next.
    private var drawnLines = 0
    private var hasTitles = false

    init(terminal: Terminal, isJSON: Bool, address: String) {
        self.terminal = terminal
        self.isJSON = isJSON
        self.address = address
    }

    mutating func show(_ sample: WatchSample) { terminal.write(text(sample)) }

    /// What is written for a sample, with what moves the cursor.
    mutating func text(_ sample: WatchSample) -> String {
        let text = WatchText(sample: sample, address: address)
        if isJSON { return sample.json.line + "\n" }
        if terminal.isTerminal { return frame(text.lines) }
        defer { hasTitles = true }
        return (hasTitles ? "" : WatchText.titleLine + "\n") + text.line + "\n"
    }

    private mutating func frame(_ lines: [String]) -> String {
        // What does not fit would scroll, and could not be drawn over.
        let shown = lines.prefix(max(1, terminal.height - 1)).map { $0.prefix(max(1, terminal.width - 1)) }
        let back = drawnLines > 0 ? "\u{1b}[\(drawnLines)F" : ""
        drawnLines = shown.count
        // Each line clears what was behind it, the last one what was below.
        return back + shown.map { $0 + "\u{1b}[K\n" }.joined() + "\u{1b}[J"
    }
}
