package import CacheModel

/// The way from every format that was ever written to the current one, a step per version, each in a transaction of its own.
package struct FormatUpgrade: Sendable {
    package struct Step: Sendable {
        /// The format that the step reads; it leaves `from + 1`, the store record's format included.
        package var from: UInt32
        package var apply: @Sendable (WriteTransaction) throws(CacheError) -> Void

        package init(from: UInt32, apply: @escaping @Sendable (WriteTransaction) throws(CacheError) -> Void) {
            self.from = from
            self.apply = apply
        }
    }

    package var target: UInt32
    package var steps: [Step]

    package init(target: UInt32, steps: [Step]) {
        self.target = target
        self.steps = steps
    }

    package static let current = FormatUpgrade(
        target: StoreRecord.currentFormat,
        steps: [
            // Format 2 adds the tables of the search index, which is built from the rows when it is missing.
            Step(from: 1) { (transaction) throws(CacheError) in try setFormat(2, transaction) },
            // In format 3 the record of a namespace may say which one it follows. A version that does not know that
            // would miss what is announced to the other one.
            Step(from: 2) { (transaction) throws(CacheError) in try setFormat(3, transaction) },
            // Format 4 adds the table of evicted entries, which in an older store is empty.
            Step(from: 3) { (transaction) throws(CacheError) in try setFormat(4, transaction) },
            // Format 5 adds the table of payloads that lie with their rows. Those of an older store are found where they
            // are, and move with the rows.
            Step(from: 4) { (transaction) throws(CacheError) in try setFormat(5, transaction) },
        ])

    private static func setFormat(_ format: UInt32, _ transaction: WriteTransaction) throws(CacheError) {
        guard let value = try transaction.value(.store, StorageKey.store) else { throw RecordReader.damaged }
        var record = try StoreRecord(decoding: value)
        record.format = format
        try transaction.put(.store, StorageKey.store, record.encoded())
    }

    /// Brings the store to the target format; does nothing to an empty store.
    ///
    /// - Throws: `unsupported-format` for a store of a newer version, whose file is left as it is; `store-damaged`.
    package func run(in environment: StorageEnvironment) throws(CacheError) {
        while true {
            let transaction = try environment.beginWrite()
            guard let record = try transaction.value(.store, StorageKey.store) else { return }
            let format = try StoreRecord.format(of: record)
            if format == target { return }
            guard let step = steps.first(where: { $0.from == format }) else {
                throw tooNew(format)
            }
            try step.apply(transaction)
            guard let record = try transaction.value(.store, StorageKey.store),
                try StoreRecord.format(of: record) == format + 1
            else { throw CacheError(.internalError, "the upgrade from format \(format) left another format") }
            try transaction.commit(.invalidation)
        }
    }

    package func tooNew(_ format: UInt32) -> CacheError {
        CacheError(
            .unsupportedFormat,
            "the store has format \(format), this version reads up to \(target); run the version that wrote it",
            detail: ["expected": String(target), "got": String(format)])
    }
}
