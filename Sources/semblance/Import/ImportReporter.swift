import CacheModel

/// Shows how an import goes, and what it came to.
final class ImportReporter {
    /// Refused rows that people are shown.
    private static let shownRows = 10

    private let source: ImportSource
    private let start: ImportState
    private let namespace: String
    private let isJSON: Bool
    private let refusedFile: RefusedRowsFile?
    private var progress: ProgressReport
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant
    private var refused: [RefusedRow] = []

    init(source: ImportSource, start: ImportState, namespace: String, isJSON: Bool, refusedPath: String?) {
        self.source = source
        self.start = start
        self.namespace = namespace
        self.isJSON = isJSON
        refusedFile = refusedPath.map { RefusedRowsFile(path: $0) }
        progress = ProgressReport(
            terminal: .error, unit: "rows", total: source.vectors.rowCount, start: start.doneCount)
        began = clock.now
    }

    func begin() throws(CacheError) {
        try refusedFile?.open()
        guard !isJSON else { return }
        let payloads =
            source.payloadsPath.map { "with \($0)" } ?? "without a .jsonl file: the payload is the row's number"
        let suffix = source.vectors.numPy == nil ? "" : ", \(payloads)"
        Terminal.output.line("\(source.vectors.file.path): \(source.vectors.summary)\(suffix)")
        if start.doneCount > 0 {
            Terminal.output.line("going on after \(NumberText.grouped(start.doneCount)) rows")
        }
    }

    func note(_ text: String) {
        if !isJSON { Terminal.error.line(text) }
    }

    func show(_ state: ImportState, _ refused: [RefusedRow]) throws(CacheError) {
        try refusedFile?.add(refused)
        if isJSON {
            self.refused += refused
        } else {
            self.refused += refused.prefix(max(0, Self.shownRows - self.refused.count))
            progress.show(state.doneCount, elapsed: clock.now - began)
        }
    }

    func end(_ state: ImportState, isComplete: Bool) {
        let elapsed = clock.now - began
        // Requests are answered in any order.
        refused.sort { $0.row < $1.row }
        guard !isJSON else {
            Terminal.output.line(Self.json(state, refused, namespace, elapsed, isComplete: isComplete).line)
            return
        }
        progress.finish(state.doneCount, elapsed: elapsed)
        for line in Self.lines(state, since: start.doneCount, refused, namespace, elapsed, isComplete: isComplete) {
            Terminal.output.line(line)
        }
    }

    static func lines(
        _ state: ImportState, since start: Int, _ refused: [RefusedRow], _ namespace: String, _ elapsed: Duration,
        isComplete: Bool
    ) -> [String] {
        let rate = elapsed.seconds > 0 ? Double(state.doneCount - start) / elapsed.seconds : 0
        var lines = [
            "stored \(NumberText.grouped(state.storedCount)) of \(NumberText.count(state.rowCount, "row", "rows")) in "
                + "\(namespace), \(NumberText.fixed(elapsed.seconds, digits: 2)) s, "
                + "\(NumberText.grouped(Int(rate))) rows/s"
        ]
        if !isComplete { lines[0] += "; \(NumberText.grouped(state.rowCount - state.doneCount)) rows are left" }
        guard state.refusedCount > 0 else { return lines }
        lines.append("refused \(NumberText.count(state.refusedCount, "row", "rows")):")
        lines += refused.map { "  row \($0.row): \($0.error)" }
        let rest = state.refusedCount - refused.count
        if rest > 0 { lines.append("  and \(NumberText.grouped(rest)) more; --refused FILE writes them all") }
        return lines
    }

    /// - Parameter refused: those of this run; an earlier one that was interrupted has listed its own.
    static func json(
        _ state: ImportState, _ refused: [RefusedRow], _ namespace: String, _ elapsed: Duration, isComplete: Bool
    ) -> JSONText {
        .fields([
            "namespace": .text(namespace), "complete": .flag(isComplete), "rowCount": .integer(state.rowCount),
            "doneCount": .integer(state.doneCount), "storedCount": .integer(state.storedCount),
            "refusedCount": .integer(state.refusedCount), "refused": .array(refused.map(\.json)),
            "elapsedMicroseconds": .integer(elapsed.microseconds),
        ])
    }
}
