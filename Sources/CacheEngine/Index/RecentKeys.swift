package import CacheModel
package import CacheStorage
package import HashTreeCollections

/// The keys of a content's newest entries, which the table of keys does not have yet.
///
/// Keys are fingerprints: each goes to another page of the table, and so does each that leaves it. So they are collected here and
/// written in *rounds*, in the order of the table, in which several share a page. Every commit goes on with the round, and the next
/// one begins with what has come meanwhile. A start reads the keys of the newest entries again, from the number that the store notes
/// at the end of each round.
///
/// A key that is here counts, whatever the table says.
package struct RecentKeys: Sendable {
    package struct Name: Hashable, Sendable {
        package var scope: Scope
        package var key: ExactKey

        package init(_ scope: Scope, _ key: ExactKey) {
            self.scope = scope
            self.key = key
        }

        /// The order of `StorageKey.exactKey`.
        static func < (left: Name, right: Name) -> Bool {
            (left.scope.fingerprint, left.key.fingerprint) < (right.scope.fingerprint, right.key.fingerprint)
        }
    }

    /// One key's way into the table, or out of it.
    package struct Change: Sendable {
        package var name: Name
        package var entry: UInt64
        package var isRemoval: Bool
    }

    /// What keys lead to.
    package private(set) var entries: TreeDictionary<Name, UInt64> = [:]
    /// Keys of the table whose entries are gone.
    private var left: [Change] = []
    private var round: [Change] = []
    private var next = 0
    /// The last key that the round has come to; at its beginning the least that there can be.
    private(set) var reached = Name(Scope(0), ExactKey(0))
    /// Of entries before it the round has the keys.
    private var roundEnd: UInt64 = 0
    /// The table has the keys of all entries before it; nil as long as it has all.
    package private(set) var mergedUpTo: UInt64?
    /// Whether the first round after a start is not over: keys that have lost their entries before it may be anywhere.
    package private(set) var mayMissRemovals = false

    package init() {}

    /// As a start finds them.
    init(mergedUpTo: UInt64, entries: TreeDictionary<Name, UInt64>) {
        self.mergedUpTo = mergedUpTo
        self.entries = entries
        mayMissRemovals = true
    }

    package subscript(name: Name) -> EntryIdentifier? { entries[name].map(EntryIdentifier.init) }

    package mutating func add(_ name: Name, _ entry: EntryIdentifier) {
        if mergedUpTo == nil { mergedUpTo = entry.number }
        entries[name] = entry.number
    }

    /// - Returns: whether the key led to this entry.
    @discardableResult
    package mutating func remove(_ name: Name, of entry: EntryIdentifier) -> Bool {
        guard entries[name] == entry.number else { return false }
        entries[name] = nil
        return true
    }

    /// The table's key of an entry that is gone, if it has one, goes with the next round.
    package mutating func removeLater(_ name: Name, of entry: EntryIdentifier) {
        left.append(Change(name: name, entry: entry.number, isRemoval: true))
    }

    /// The next changes to the table, in its order. The caller makes them all.
    ///
    /// - Parameters:
    ///   - count: how many, at most.
    ///   - limit: how many are collected before a round begins.
    ///   - nextEntry: the number of the next entry.
    mutating func take(_ count: Int, limit: Int, nextEntry: UInt64) -> ArraySlice<Change> {
        if next == round.count {
            guard entries.count + left.count > limit else { return [] }
            round = left + entries.map { Change(name: $0.key, entry: $0.value, isRemoval: false) }
            left = []
            round.sort { $0.name < $1.name }
            next = 0
            reached = Name(Scope(0), ExactKey(0))
            roundEnd = nextEntry
        }
        let taken = round[next..<min(next + count, round.count)]
        next = taken.endIndex
        if let last = taken.last { reached = last.name }
        if next == round.count {
            // What has come since the round began is all that is left.
            mergedUpTo = roundEnd
            mayMissRemovals = false
            round = []
            next = 0
        }
        return taken
    }
}
