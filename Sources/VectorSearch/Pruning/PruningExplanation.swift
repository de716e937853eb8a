/// What a search through the index looked at. Counts of all queries of a batch together.
package struct PruningExplanation: Hashable, Sendable {
    package var cells = 0
    /// Cells that the bounds left.
    package var cellsVisited = 0
    /// Blocks that the bounds left, and their rows, whose first sketch was read.
    package var blocks = 0
    package var rows = 0
    /// Rows whose second sketch was read.
    package var rowsRefined = 0
    /// Rows whose vector was read.
    package var candidates = 0

    /// Rounding, rotating and tables; products with the centroids; choosing cells and blocks; both sketches; vectors.
    package var prepareNanoseconds: UInt64 = 0
    package var centroidNanoseconds: UInt64 = 0
    package var chooseNanoseconds: UInt64 = 0
    package var scanNanoseconds: UInt64 = 0
    package var refineNanoseconds: UInt64 = 0
    package var compareNanoseconds: UInt64 = 0

    package init() {}
}

/// Times stages, when somebody wants to know.
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
