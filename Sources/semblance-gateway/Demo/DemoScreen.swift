/// How the tour looks: numbered steps, and lines of a name and a value below them.
struct DemoScreen: Sendable {
    private var number = 0

    enum Tone: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    mutating func step(_ title: String, _ explanation: String...) {
        number += 1
        Terminal.output("")
        Terminal.output(Terminal.toned("\(number)  \(title)", .bold))
        for line in explanation { Terminal.output("   " + Terminal.toned(line, .dim)) }
    }

    func plain(_ text: String) { Terminal.output(text) }

    func line(_ name: String, _ value: String, _ tone: Tone? = nil) {
        let padding = String(repeating: " ", count: max(2, 14 - name.count))
        Terminal.output("   " + name + padding + (tone.map { Terminal.toned(value, $0) } ?? value))
    }
}
