import CacheModel

/// How the tour looks: steps with a heading, lines of a name and a value, and a command to try.
struct DemoScreen {
    var terminal = Terminal.output
    private var number = 0

    init() {}

    mutating func step(_ title: String, _ explanation: String) {
        number += 1
        terminal.line()
        terminal.line(terminal.colored("\(number)  \(title)", .bold))
        for line in Self.wrapped(explanation, width: max(40, min(100, terminal.width) - 3)) {
            terminal.line("   " + terminal.colored(line, .dim))
        }
    }

    /// Lines of at most `width` characters, unless a word is longer.
    static func wrapped(_ text: String, width: Int) -> [String] {
        text.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
    }

    func line(_ name: String, _ value: String, _ color: Terminal.Color? = nil) {
        let padding = String(repeating: " ", count: max(1, 10 - name.count))
        terminal.line("   " + name + padding + (color.map { terminal.colored(value, $0) } ?? value))
    }

    func command(_ words: [String]) {
        line("try", CommandText.quoted([Executable.name] + words), .cyan)
    }

    func time(_ name: String, _ roundTrip: Duration, search nanoseconds: UInt64? = nil) {
        let search = nanoseconds.map { ", \(NumberText.grouped(Int(clamping: $0 / 1_000))) µs of it search" } ?? ""
        line(name, "\(NumberText.microseconds(roundTrip))\(search)")
    }
}
