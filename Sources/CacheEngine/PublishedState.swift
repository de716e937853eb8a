internal import Synchronization

/// What the writer has made visible: the snapshot to search, and what is known of freshness, which may be newer.
package final class PublishedState: Sendable {
    package struct State: Sendable {
        /// Nil while the environment is opened anew after a failed commit.
        package var snapshot: Snapshot?
        package var table: WatermarkTable
    }

    private let state: Mutex<State>

    package init(snapshot: Snapshot?, table: WatermarkTable) {
        state = Mutex(State(snapshot: snapshot, table: table))
    }

    package var current: State { state.withLock { $0 } }
    package var table: WatermarkTable { state.withLock { $0.table } }

    /// From here on no lookup is answered against an older table.
    package func publish(_ table: WatermarkTable) { state.withLock { $0.table = table } }

    package func publish(_ snapshot: Snapshot?, _ table: WatermarkTable) {
        // The old snapshot ends its transaction after the lock is gone.
        let old = state.withLock { state in
            let old = state.snapshot
            state = State(snapshot: snapshot, table: table)
            return old
        }
        withExtendedLifetime(old) {}
    }
}
