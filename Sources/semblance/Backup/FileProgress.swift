/// Bars on standard error for work on files, or nothing.
final class FileProgress {
    private let isShown: Bool
    private let clock = ContinuousClock()
    private var step: (report: ProgressReport, start: ContinuousClock.Instant, total: Int)?

    init(isShown: Bool) { self.isShown = isShown }

    /// Begins a step over so many bytes.
    func begin(_ name: String, bytes: Int) {
        guard isShown else { return }
        let report = ProgressReport(terminal: .error, unit: "MiB \(name)", total: bytes >> 20)
        step = (report, clock.now, bytes)
    }

    func show(bytes: Int) {
        guard let (_, start, total) = step else { return }
        step?.report.show(min(bytes, total) >> 20, elapsed: clock.now - start)
    }

    func end() {
        guard let (_, start, total) = step else { return }
        step?.report.finish(total >> 20, elapsed: clock.now - start)
        step = nil
    }
}
