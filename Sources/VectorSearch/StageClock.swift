/// Times the stages of a search, when somebody wants to know.
struct StageClock {
    let isRunning: Bool
    private var last: ContinuousClock.Instant?

    init(isRunning: Bool) {
        self.isRunning = isRunning
        last = isRunning ? ContinuousClock.now : nil
    }

    /// Adds the time since the last call.
    mutating func lap(_ total: inout UInt64) {
        guard isRunning, let start = last else { return }
        let now = ContinuousClock.now
        let parts = start.duration(to: now).components
        total &+= UInt64(clamping: parts.seconds) &* 1_000_000_000
            &+ UInt64(clamping: parts.attoseconds / 1_000_000_000)
        last = now
    }
}
