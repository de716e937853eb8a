package import CacheModel
package import CacheStorage
internal import Synchronization

/// What a search works on: the index as of one commit and the read transaction of that commit, which keeps the blocks in place.
///
/// Shared by reference count; the last search that lets go ends the transaction, so no snapshot outlives its searches by long.
package final class Snapshot: Sendable {
    package let view: StoreView
    /// One thread at a time may use a transaction, and one transaction serves all searches of this snapshot.
    private let transaction: Mutex<ReadTransaction>
    /// The commit that the snapshot shows.
    package let commitNumber: Int
    /// When the commit became visible.
    private let createdAt = MonotonicTime.now

    package init(view: StoreView, transaction: ReadTransaction) {
        self.view = view
        commitNumber = transaction.commitNumber
        self.transaction = Mutex(transaction)
    }

    /// The entry's record; nil when there is none.
    ///
    /// - Throws: `store-damaged` for a record that is not what its checksum says.
    package func record(_ content: ContentIdentifier, _ entry: EntryIdentifier) throws(CacheError) -> EntryRecord? {
        let key = StorageKey.entry(content, entry)
        return try read { (transaction) throws(CacheError) -> EntryRecord? in
            guard let value = try transaction.value(.entries, key) else { return nil }
            return try EntryRecord(decoding: value, entry)
        }
    }

    /// The prompt and, if it is wanted, the payload of an entry.
    ///
    /// - Throws: `store-damaged` also when there is none, as every entry has one.
    package func payload(
        _ content: ContentIdentifier, _ entry: EntryIdentifier, _ record: EntryRecord, isWanted: Bool = true
    ) throws(CacheError) -> (prompt: String?, payload: [UInt8]?) {
        // Without a prompt there is nothing to read for it.
        if !isWanted, record.promptBytes == nil { return (nil, nil) }
        return try read { (transaction) throws(CacheError) -> (prompt: String?, payload: [UInt8]?) in
            guard let value = try transaction.payload(record, content, entry) else { throw RecordReader.damaged }
            let stored = try PayloadRecord.decode(value, of: record, entry)
            return (stored.prompt, isWanted ? stored.payload : nil)
        }
    }

    /// The entry that has this key; nil when there is none.
    package func entry(
        _ content: ContentIdentifier, _ scope: Scope, _ key: ExactKey
    ) throws(CacheError) -> EntryIdentifier? {
        if let entry = view[content]?.recentKeys[RecentKeys.Name(scope, key)] { return entry }
        let key = StorageKey.exactKey(content, scope, key)
        return try read { (transaction) throws(CacheError) -> EntryIdentifier? in
            guard let value = try transaction.value(.keys, key) else { return nil }
            var reader = try RecordReader(sealed: value, seed: Checksum.of(key))
            return EntryIdentifier(try reader.read())
        }
    }

    package func read<Result>(
        _ body: (ReadTransaction) throws(CacheError) -> sending Result
    ) throws(CacheError) -> sending Result {
        // `Mutex.withLock` carries its body's error type.
        try transaction.withLock { (transaction) throws(CacheError) -> Result in try body(transaction) }
    }
}

extension Snapshot {
    package var ageNanoseconds: Int64 { MonotonicTime.now.nanoseconds(since: createdAt) }

    package var usage: StorageUsage? { try? read { (transaction) throws(CacheError) in transaction.environment.usage() } }

    package func copyStore(to directory: String) throws(CacheError) {
        let environment = try read { (transaction) throws(CacheError) in transaction.environment }
        try environment.copy(to: directory)
    }
}
