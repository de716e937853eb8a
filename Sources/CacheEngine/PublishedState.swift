internal import CacheModel
package import CacheStorage
internal import Synchronization

/// What the writer has made visible: the snapshot to search, and what is known of freshness, which may be newer.
package final class PublishedState: Sendable {
    /// One moment of it, which never changes: two reads that get the same object have seen the same.
    package final class State: Sendable {
        /// Nil while the environment is opened anew after a failed commit.
        package let snapshot: Snapshot?
        package let table: WatermarkTable
        /// Those that were asked for.
        private let namespaces = Mutex<[Name: PublishedNamespace]>([:])

        init(snapshot: Snapshot?, table: WatermarkTable) {
            self.snapshot = snapshot
            self.table = table
        }

        /// Nil for a name that was never heard of.
        package func namespace(_ name: String) -> PublishedNamespace? {
            let name = Name(name)
            return namespaces.withLock { namespaces in
                if let known = namespaces[name] { return known }
                guard let watermarks = table[name.text] else { return nil }
                let index = watermarks.record.content.flatMap { snapshot?.view[$0] }
                let found = PublishedNamespace(watermarks: watermarks, index: index)
                namespaces[name] = found
                return found
            }
        }
    }

    private let state: Mutex<State>

    package init(snapshot: Snapshot?, table: WatermarkTable) {
        state = Mutex(State(snapshot: snapshot, table: table))
    }

    package var current: State { state.withLock { $0 } }
    package var table: WatermarkTable { current.table }

    /// From here on no lookup is answered against an older table.
    package func publish(_ table: WatermarkTable) {
        replace { State(snapshot: $0.snapshot, table: table) }
    }

    package func publish(_ snapshot: Snapshot?, _ table: WatermarkTable) {
        replace { _ in State(snapshot: snapshot, table: table) }
    }

    private func replace(_ new: (State) -> State) {
        // The old snapshot ends its transaction after the lock is gone.
        let old = state.withLock { state in
            let old = state
            state = new(old)
            return old
        }
        withExtendedLifetime(old) {}
    }
}

/// All that a lookup wants to know of its namespace, found once and shared by reference.
package final class PublishedNamespace: Sendable {
    package let watermarks: NamespaceWatermarks
    /// Nil when there is no such namespace, but watermarks under its name, and while there is no snapshot.
    package let index: NamespaceIndex?
    /// Of `index`.
    let cost: SearchCost?

    init(watermarks: NamespaceWatermarks, index: NamespaceIndex?) {
        self.watermarks = watermarks
        self.index = index
        cost = index.map(SearchCost.init)
    }

    package var content: ContentIdentifier? { watermarks.record.content }
}
