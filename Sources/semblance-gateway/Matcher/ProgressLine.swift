/// How far long work is, in a line of its own on standard error; in lines below each other where that is no terminal.
final class ProgressLine {
    private let name: String
    private var shownPercent = -1

    init(_ name: String) { self.name = name }

    /// - Parameter share: 0 through 1.
    func show(_ share: Double) {
        let percent = Int(share * 100)
        if Terminal.errorIsTerminal {
            guard percent > shownPercent else { return }
            Terminal.errorInPlace("\(name) \(percent)%")
        } else {
            guard percent / 10 > shownPercent / 10 || shownPercent < 0 else { return }
            Terminal.error("\(name) \(percent)%")
        }
        shownPercent = percent
    }

    func end() {
        if Terminal.errorIsTerminal { Terminal.error("") }
    }
}
