import SemblanceClient
import Synchronization

/// What the service has promised, kept outside of it.
final class AcknowledgedState: Sendable {
    struct Entry: Sendable {
        var number: Int
        var source: Int
        var version: UInt64
    }

    private struct State {
        var entries: [Entry] = []
        /// Per source: the newest version that an acknowledged invalidation named, and the newest that was ever sent.
        var acknowledged = [UInt64](repeating: 0, count: AcknowledgedState.sourceCount)
        var sent = [UInt64](repeating: 0, count: AcknowledgedState.sourceCount)
        var nextNumber = 0
        var countdown = Int.max
    }

    static let sourceCount = 4
    private let state = Mutex(State())

    /// The next entry to insert: it rests on the newest version of a source, sometimes on one too old.
    func nextEntry(using generator: inout some RandomNumberGenerator) -> Entry {
        let source = Int.random(in: 0..<Self.sourceCount, using: &generator)
        let isLate = Int.random(in: 0..<8, using: &generator) == 0
        return state.withLock { state in
            state.nextNumber += 1
            let newest = state.sent[source]
            return Entry(number: state.nextNumber, source: source, version: isLate && newest > 0 ? newest - 1 : newest)
        }
    }

    func nextVersion(of source: Int) -> UInt64 {
        state.withLock { state in
            state.sent[source] += 1
            return state.sent[source]
        }
    }

    /// - Returns: true for the acknowledgement after which the service is to be killed.
    func acknowledge(_ entry: Entry) -> Bool {
        state.withLock { state in
            state.entries.append(entry)
            state.countdown -= 1
            return state.countdown == 0
        }
    }

    func acknowledge(_ version: UInt64, of source: Int) -> Bool {
        state.withLock { state in
            state.acknowledged[source] = max(state.acknowledged[source], version)
            state.countdown -= 1
            return state.countdown == 0
        }
    }

    func killAfter(acknowledgements count: Int) { state.withLock { $0.countdown = count } }

    /// What must be there, what must not, and what may be either as an invalidation was under way.
    enum Expectation { case present, absent, either }

    func expectation(_ entry: Entry) -> Expectation {
        state.withLock { state in
            if entry.version < state.acknowledged[entry.source] { return .absent }
            return entry.version >= state.sent[entry.source] ? .present : .either
        }
    }

    /// The newest entries and a sample of the older ones.
    func entriesToVerify(using generator: inout some RandomNumberGenerator) -> [Entry] {
        let entries = state.withLock { $0.entries }
        let older = entries.dropLast(400)
        return entries.suffix(400) + (0..<min(200, older.count)).map { _ in older.randomElement(using: &generator)! }
    }

    var entryCount: Int { state.withLock { $0.entries.count } }
}
