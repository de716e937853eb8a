/// Shows how a load goes, and what came of it.
final class BenchReporter {
    private let isJSON: Bool
    private var rows: ProgressReport
    private var rowsShown: (count: Int, elapsed: Duration)?
    private var progress: BenchProgress

    init(_ material: BenchMaterial, isJSON: Bool) {
        self.isJSON = isJSON
        rows = ProgressReport(terminal: .error, unit: "rows", total: material.vectors?.rowCount ?? 0)
        let settings = material.settings
        progress = BenchProgress(
            terminal: .error, seconds: settings.seconds, requestCount: settings.isOnce ? material.lookups.count : nil)
    }

    func showRows(_ count: Int, _ elapsed: Duration) {
        guard !isJSON else { return }
        rows.show(count, elapsed: elapsed)
        rowsShown = (count, elapsed)
    }

    func showLoad(_ answered: Int, _ errors: Int, _ elapsed: Duration) {
        guard !isJSON else { return }
        finishRows()
        progress.show(answered: answered, errors: errors, elapsed: elapsed)
    }

    /// Leaves the cursor at the beginning of a line.
    func finish() {
        finishRows()
        progress.finish()
    }

    func end(_ result: BenchResult) {
        finish()
        if isJSON {
            Terminal.output.line(result.json.line)
        } else {
            for line in result.lines { Terminal.output.line(line) }
        }
    }

    private func finishRows() {
        guard let rowsShown else { return }
        rows.finish(rowsShown.count, elapsed: rowsShown.elapsed)
        self.rowsShown = nil
    }
}
