internal import CLMDB
package import CacheModel
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// How much of the newest work a power cut may take back. The file stays intact either way, and invalidations are always `sync`.
package enum Durability: String, CaseIterable, Sendable {
    /// Every acknowledged insert is on the disk.
    case sync
    /// The last acknowledged inserts may be lost at a power cut (`MDB_NOMETASYNC`).
    case relaxed
}

/// How to open the environment of a store.
package struct StorageOptions: Sendable {
    package var mapBytes: Int
    package var durability: Durability
    /// A test's way to make a commit fail: returns an `errno`, or 0 to let it pass.
    package var commitFault: (@Sendable (CommitPurpose) -> CInt)?

    package init(
        mapBytes: Int = Limits.mapBytes, durability: Durability = .sync,
        commitFault: (@Sendable (CommitPurpose) -> CInt)? = nil
    ) {
        self.mapBytes = mapBytes
        self.durability = durability
        self.commitFault = commitFault
    }
}

/// Who uses the file while an environment is open.
package enum StorageAccess: Sendable {
    /// This process alone, which writes.
    case writing
    /// Perhaps another process, which writes: snapshots are read here, and nothing is changed but the list of readers.
    case beside
    /// Nobody. It is a copy of a store, named by its file and not by its directory, and nothing is written.
    case copy
}

/// The LMDB environment in a data directory, with its tables open. One writer, many snapshot readers.
///
/// `@unchecked Sendable`: LMDB's environment may be used by all threads, and everything here is set before it is shared.
package final class StorageEnvironment: @unchecked Sendable {
    package let directory: String
    package let options: StorageOptions
    private let handle: OpaquePointer
    private var tables: [MDB_dbi] = []
    /// LMDB's page size.
    private(set) var pageBytes = 4_096
    private let failed = Atomic(false)

    /// Whether the system failed a write: the environment must be closed and opened again before anything else is written.
    /// A full map does not count, as nothing of such a transaction has reached the file.
    package var hasFailed: Bool { failed.load(ordering: .acquiring) }

    func noteFailure(_ code: CInt) {
        if code > 0 || code == MDB_PANIC { failed.store(true, ordering: .releasing) }
    }

    /// - Parameter access: unless it is `writing`, the options do not matter: the map is as large as the file says.
    /// - Throws: `store-damaged`, `storage-failed` or `storage-full`.
    package init(
        directory: String, options: StorageOptions, access: StorageAccess = .writing
    ) throws(CacheError) {
        self.directory = directory
        self.options = options
        var handle: OpaquePointer?
        try StorageFailure.check(mdb_env_create(&handle), "creating the environment")
        guard let handle else { throw CacheError(.internalError, "LMDB created no environment") }
        self.handle = handle
        // From here on deinit closes the handle, also when one of the next lines throws.
        try StorageFailure.check(mdb_env_set_maxdbs(handle, MDB_dbi(Table.allCases.count)), "setting the table count")
        var flags = UInt32(MDB_NOTLS)
        switch access {
        case .writing:
            try StorageFailure.check(mdb_env_set_mapsize(handle, options.mapBytes), "reserving the memory map")
            flags |= UInt32(MDB_NORDAHEAD)
            if options.durability == .relaxed { flags |= UInt32(MDB_NOMETASYNC) }
        // These read from front to back, so the system may read ahead.
        case .beside: flags |= UInt32(MDB_RDONLY)
        case .copy: flags |= UInt32(MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK)
        }
        try StorageFailure.check(mdb_env_open(handle, directory, flags, 0o600), "opening \(directory)")
        if access != .copy { DirectoryOwner.adopt(["data.mdb", "lock.mdb"], in: directory) }
        try forgetDeadReaders()
        try access == .writing ? openTables() : openTablesThatExist()
        pageBytes = usage().pageBytes
    }

    deinit { mdb_env_close(handle) }

    /// Lets pages be used again that a process has kept which ended in the middle of a snapshot.
    package func forgetDeadReaders() throws(CacheError) {
        var count: CInt = 0
        try StorageFailure.check(mdb_reader_check(handle, &count), "checking for dead readers")
    }

    /// The oldest commit that a snapshot of any process shows; nil without snapshots.
    package var oldestReader: Int? {
        var oldest: Int?
        withUnsafeMutablePointer(to: &oldest) { oldest in
            // LMDB shows its list of readers as text only: process, thread, commit, the last a dash between two snapshots.
            _ = mdb_reader_list(
                handle,
                { line, oldest in
                    guard let line, let oldest = oldest?.assumingMemoryBound(to: Int?.self) else { return 0 }
                    let last = String(cString: line).split(whereSeparator: \.isWhitespace).last
                    if let commit = last.flatMap({ Int($0) }) { oldest.pointee = min(oldest.pointee ?? .max, commit) }
                    return 0
                }, oldest)
        }
        return oldest
    }

    /// A store of an earlier format may lack tables: those are empty.
    private func openTablesThatExist() throws(CacheError) {
        var transaction: OpaquePointer?
        let code = mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction)
        if code == EAGAIN {
            throw CacheError(
                .storageFailed,
                "a process in another container has the number of this one, and LMDB tells them apart by it; "
                    + "run this in the container of the service")
        }
        try StorageFailure.check(code, "beginning a snapshot")
        for table in Table.allCases {
            var identifier = Self.noTable
            let code = mdb_dbi_open(transaction, table.rawValue, 0, &identifier)
            guard code == 0 || code == MDB_NOTFOUND else {
                mdb_txn_abort(transaction)
                throw StorageFailure.error(code, "opening the table \(table.rawValue)")
            }
            tables.append(code == 0 ? identifier : Self.noTable)
        }
        try StorageFailure.check(mdb_txn_commit(transaction), "opening the tables")
    }

    private func openTables() throws(CacheError) {
        var transaction: OpaquePointer?
        try StorageFailure.check(mdb_txn_begin(handle, nil, 0, &transaction), "beginning a transaction")
        var opened: [MDB_dbi] = []
        for table in Table.allCases {
            var identifier: MDB_dbi = 0
            let code = mdb_dbi_open(transaction, table.rawValue, UInt32(MDB_CREATE), &identifier)
            guard code == 0 else {
                mdb_txn_abort(transaction)
                throw StorageFailure.error(code, "opening the table \(table.rawValue)")
            }
            opened.append(identifier)
        }
        try StorageFailure.check(mdb_txn_commit(transaction), "creating the tables")
        tables = opened
    }

    func table(_ table: Table) -> MDB_dbi { tables[table.index] }
    func holds(_ table: Table) -> Bool { tables[table.index] != Self.noTable }
    private static let noTable = MDB_dbi.max

    package func beginRead() throws(CacheError) -> ReadTransaction {
        var transaction: OpaquePointer?
        var code = mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction)
        if code == MDB_READERS_FULL {
            var stale: CInt = 0
            mdb_reader_check(handle, &stale)
            code = mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction)
        }
        try StorageFailure.check(code, "beginning a snapshot")
        guard let transaction else { throw CacheError(.internalError, "LMDB began no transaction") }
        return ReadTransaction(environment: self, handle: transaction)
    }

    package func beginWrite() throws(CacheError) -> WriteTransaction {
        var transaction: OpaquePointer?
        let code = mdb_txn_begin(handle, nil, 0, &transaction)
        noteFailure(code)
        try StorageFailure.check(code, "beginning a transaction")
        guard let transaction else { throw CacheError(.internalError, "LMDB began no transaction") }
        return WriteTransaction(environment: self, handle: transaction)
    }

    /// Writes everything committed so far to the disk.
    package func synchronize() throws(CacheError) {
        let code = mdb_env_sync(handle, 1)
        noteFailure(code)
        try StorageFailure.check(code, "synchronizing with the disk")
    }

    /// Writes a consistent copy of the live store into an existing, empty directory, readable by its owner alone.
    package func copy(to directory: String) throws(CacheError) {
        let path = directory + "/data.mdb"
        // LMDB itself would make a file that everybody may read.
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw StorageFailure.system("creating \(path)") }
        defer { close(file) }
        do throws(CacheError) {
            try copy(to: file, named: path)
            guard fsync(file) == 0 else { throw StorageFailure.system("synchronizing \(path)") }
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Writes a consistent copy of the store as of now, without the pages that are not in use, from front to back.
    ///
    /// A snapshot of another process counts for the service's writer like one of its own: until the copy is done, pages that are
    /// given back are not used again, and the file grows by what is written meanwhile.
    ///
    /// - Parameter file: a descriptor to write to, which need be no file.
    package func copy(to file: CInt, named name: String) throws(CacheError) {
        try StorageFailure.check(mdb_env_copyfd2(handle, file, UInt32(MDB_CP_COMPACT)), "writing \(name)")
    }

    /// Roughly how many bytes a copy takes.
    package func copyBytes() throws(CacheError) -> Int {
        let usage = usage()
        let freePages = try beginRead().freePageCount(before: .max)
        return max(2 * usage.pageBytes, usage.usedBytes - freePages * usage.pageBytes)
    }

    package func usage() -> StorageUsage {
        var info = MDB_envinfo()
        mdb_env_info(handle, &info)
        var statistics = MDB_stat()
        mdb_env_stat(handle, &statistics)
        let pageBytes = Int(statistics.ms_psize)
        return StorageUsage(
            mapBytes: info.me_mapsize, usedBytes: (info.me_last_pgno + 1) * pageBytes, pageBytes: pageBytes)
    }
}

/// Sizes of the map. `usedBytes` never shrinks: freed pages are used again, not given back.
package struct StorageUsage: Sendable {
    package var mapBytes: Int
    package var usedBytes: Int
    package var pageBytes: Int
}
