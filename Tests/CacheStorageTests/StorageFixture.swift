import CLMDB
import Testing

/// Files that this version of the store would not write.
enum StorageFixture {
    /// An LMDB file without any table.
    static func empty(at directory: String) throws {
        var handle: OpaquePointer?
        try #require(mdb_env_create(&handle) == 0)
        defer { mdb_env_close(handle) }
        try #require(mdb_env_open(handle, directory, 0, 0o600) == 0)
        var transaction: OpaquePointer?
        try #require(mdb_txn_begin(handle, nil, 0, &transaction) == 0)
        var table: MDB_dbi = 0
        try #require(mdb_dbi_open(transaction, nil, 0, &table) == 0)
        try #require(mdb_txn_commit(transaction) == 0)
    }
}
