internal import CLMDB
package import CacheModel

/// What reading and writing transactions have in common. One thread at a time.
package class Transaction {
    package let environment: StorageEnvironment
    let handle: OpaquePointer

    init(environment: StorageEnvironment, handle: OpaquePointer) {
        self.environment = environment
        self.handle = handle
    }

    /// The value, in the map: valid until the transaction ends or, in a writing one, until the next write.
    package func value(_ table: Table, _ key: [UInt8]) throws(CacheError) -> UnsafeRawBufferPointer? {
        guard environment.holds(table) else { return nil }
        var value = MDB_val()
        let code = key.withUnsafeBytes { bytes in
            var key = MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            return mdb_get(handle, environment.table(table), &key, &value)
        }
        if code == MDB_NOTFOUND { return nil }
        try StorageFailure.check(code, "reading from \(table.rawValue)")
        return bounded(value)
    }

    /// A value whose length cannot be true is given out as empty, which no record is: LMDB believes every length that it reads,
    /// and to follow a damaged one beyond the end of the file would kill the process.
    func bounded(_ value: MDB_val) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
    }

    /// Calls `visit` with each record whose key is at or after `start`, in order, until it returns false.
    /// The visitor must not write to the same table.
    package func forEach(
        _ table: Table, from start: [UInt8] = [],
        _ visit: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(CacheError) -> Bool
    ) throws(CacheError) {
        guard environment.holds(table) else { return }
        var cursor: OpaquePointer?
        try StorageFailure.check(
            mdb_cursor_open(handle, environment.table(table), &cursor), "opening a cursor on \(table.rawValue)")
        defer { mdb_cursor_close(cursor) }
        var key = MDB_val()
        var value = MDB_val()
        var code: CInt
        if start.isEmpty {
            code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST)
        } else {
            code = start.withUnsafeBytes { bytes in
                key = MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
                return mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE)
            }
        }
        while code == 0 {
            let boundedKey = bounded(key)
            guard boundedKey.count == key.mv_size else {
                throw StorageFailure.error(MDB_CORRUPTED, "walking through \(table.rawValue)")
            }
            let wanted = try visit(boundedKey, bounded(value))
            guard wanted else { return }
            code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
        }
        if code != MDB_NOTFOUND { try StorageFailure.check(code, "walking through \(table.rawValue)") }
    }

    /// Like `forEach`, for the records whose key begins with `prefix`.
    package func forEach(
        _ table: Table, prefix: [UInt8],
        _ visit: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(CacheError) -> Bool
    ) throws(CacheError) {
        try forEach(table, from: prefix) { (key, value) throws(CacheError) -> Bool in
            guard key.count >= prefix.count, key.prefix(prefix.count).elementsEqual(prefix) else { return false }
            return try visit(key, value)
        }
    }

    package func recordCount(_ table: Table) throws(CacheError) -> Int {
        guard environment.holds(table) else { return 0 }
        var statistics = MDB_stat()
        try StorageFailure.check(
            mdb_stat(handle, environment.table(table), &statistics), "counting \(table.rawValue)")
        return statistics.ms_entries
    }
}

/// A snapshot of the store. May move between threads, but is used by one at a time.
///
/// `@unchecked Sendable`: the environment is opened with `MDB_NOTLS`; whoever shares a transaction guards it with a lock.
package final class ReadTransaction: Transaction, @unchecked Sendable {
    deinit { mdb_txn_abort(handle) }

    /// The commit that this snapshot shows.
    package var commitNumber: Int { Int(mdb_txn_id(handle)) }

    /// What a node holds itself ends with its page. A large value begins right after the header of pages of its own, the last four
    /// bytes of which say how many they are. (In a writing transaction pages lie anywhere, so there this cannot be told.)
    override func bounded(_ value: MDB_val) -> UnsafeRawBufferPointer {
        let pageBytes = environment.pageBytes
        let headerBytes = 16
        let offset = Int(bitPattern: value.mv_data) & (pageBytes - 1)
        var limit = pageBytes - offset
        if offset == headerBytes, let data = value.mv_data {
            limit = Int(data.loadUnaligned(fromByteOffset: -4, as: UInt32.self)) * pageBytes - headerBytes
        }
        return UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size <= limit ? value.mv_size : 0)
    }

    /// Pages of the free list that were freed by a commit before this one.
    func freePageCount(before commit: Int) throws(CacheError) -> Int {
        var freePages = 0
        var cursor: OpaquePointer?
        // The free list is LMDB's table 0: number of the commit that freed them → count, then page numbers.
        try StorageFailure.check(mdb_cursor_open(handle, 0, &cursor), "opening the free list")
        defer { mdb_cursor_close(cursor) }
        var key = MDB_val()
        var value = MDB_val()
        while mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0 {
            guard key.mv_size == MemoryLayout<Int>.size, value.mv_size >= MemoryLayout<Int>.size else { break }
            guard key.mv_data.loadUnaligned(as: Int.self) < commit else { break }
            freePages += value.mv_data.loadUnaligned(as: Int.self)
        }
        return freePages
    }
}

/// The only writer. Begun, used and ended on one thread; not ending it aborts it.
package final class WriteTransaction: Transaction {
    private var isOpen = true

    deinit { abort() }

    package func put(_ table: Table, _ key: [UInt8], _ value: [UInt8]) throws(CacheError) {
        let code = value.withUnsafeBytes { put(table, key, $0) }
        try StorageFailure.check(code, "writing to \(table.rawValue)")
    }

    package func put(_ table: Table, _ key: [UInt8], bytes: UnsafeRawBufferPointer) throws(CacheError) {
        try StorageFailure.check(put(table, key, bytes), "writing to \(table.rawValue)")
    }

    private func put(_ table: Table, _ key: [UInt8], _ bytes: UnsafeRawBufferPointer) -> CInt {
        key.withUnsafeBytes { keyBytes in
            var key = MDB_val(mv_size: keyBytes.count, mv_data: UnsafeMutableRawPointer(mutating: keyBytes.baseAddress))
            var value = MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            return mdb_put(handle, environment.table(table), &key, &value, 0)
        }
    }

    /// - Returns: false when there was no such record.
    @discardableResult
    package func delete(_ table: Table, _ key: [UInt8]) throws(CacheError) -> Bool {
        let code = key.withUnsafeBytes { bytes in
            var key = MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            return mdb_del(handle, environment.table(table), &key, nil)
        }
        if code == MDB_NOTFOUND { return false }
        try StorageFailure.check(code, "deleting from \(table.rawValue)")
        return true
    }

    /// Deletes all records from one key through another one.
    package func delete(_ table: Table, from first: [UInt8], through last: [UInt8]) throws(CacheError) {
        var cursor: OpaquePointer?
        try StorageFailure.check(
            mdb_cursor_open(handle, environment.table(table), &cursor), "opening a cursor on \(table.rawValue)")
        defer { mdb_cursor_close(cursor) }
        var key = MDB_val()
        var value = MDB_val()
        var code = first.withUnsafeBytes { bytes in
            key = MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
            return mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE)
        }
        while code == 0 {
            let found = UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size)
            if last.lexicographicallyPrecedes(found) { return }
            try StorageFailure.check(mdb_cursor_del(cursor, 0), "deleting from \(table.rawValue)")
            // The cursor stands before what comes next.
            code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
        }
        if code != MDB_NOTFOUND { try StorageFailure.check(code, "walking through \(table.rawValue)") }
    }

    package func removeAll(_ table: Table) throws(CacheError) {
        try StorageFailure.check(mdb_drop(handle, environment.table(table), 0), "emptying \(table.rawValue)")
    }

    /// Commits; with `.invalidation` everything is on the disk when this returns, whatever the durability of inserts.
    ///
    /// - Throws: `storage-full` or `storage-failed`; the transaction is aborted then, and the environment's `hasFailed` says
    ///   whether it must be opened anew.
    package func commit(_ purpose: CommitPurpose) throws(CacheError) {
        guard isOpen else { throw CacheError(.internalError, "a transaction was committed twice") }
        if let fault = environment.options.commitFault?(purpose), fault != 0 {
            abort()
            environment.noteFailure(fault)
            throw StorageFailure.error(fault, "committing")
        }
        isOpen = false
        let code = mdb_txn_commit(handle)
        environment.noteFailure(code)
        try StorageFailure.check(code, "committing")
        // With `sync` durability the commit itself has written everything, the pages first and then the meta page.
        if purpose == .invalidation, environment.options.durability == .relaxed { try environment.synchronize() }
    }

    package func abort() {
        guard isOpen else { return }
        isOpen = false
        mdb_txn_abort(handle)
    }

    /// Bytes that a writer can still use: never used ones and those of the free list that no reader may see any more. As of the
    /// last commit, so ask before anything is written.
    package func availableBytes(oldestReader: Int) throws(CacheError) -> Int {
        let usage = environment.usage()
        // LMDB shows its free list to reading transactions only.
        let reader = try environment.beginRead()
        let freePages = try reader.freePageCount(before: oldestReader)
        return max(0, usage.mapBytes - usage.usedBytes) + freePages * usage.pageBytes
    }
}

/// Why a transaction commits: invalidations are always on the disk before they are acknowledged.
package enum CommitPurpose: Sendable {
    case entries
    case invalidation
}
