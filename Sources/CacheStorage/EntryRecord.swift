package import CacheModel

/// An entry without its prompt and payload: what a start, a freshness check and a deletion need.
package struct EntryRecord: Hashable, Sendable {
    package var createdAt: Timestamp
    /// `Timestamp.max`-like for entries that never expire: see `never`.
    package var expiresAt: Timestamp
    /// The sequence of the lease that the entry was inserted with, or 0: `fillG`.
    package var fillSequence: UInt64
    package var costSavedNanodollars: UInt64
    package var scope: Scope
    package var key: ExactKey?
    /// Where the vector lies: block × rows per block + slot. Nil for an entry without one.
    package var row: UInt32?
    /// The vector's length before it was normalized.
    package var norm: Float
    /// Nil when there is no prompt.
    package var promptBytes: UInt32?
    package var payloadBytes: UInt32
    package var contentType: String
    package var dependencies: [Dependency]
    package var tags: [String]

    package static let never = Timestamp(milliseconds: .max)
    static let absent = UInt32.max

    package init(
        createdAt: Timestamp, expiresAt: Timestamp, fillSequence: UInt64, costSavedNanodollars: UInt64, scope: Scope,
        key: ExactKey?, row: UInt32?, norm: Float, promptBytes: UInt32?, payloadBytes: UInt32, contentType: String,
        dependencies: [Dependency], tags: [String]
    ) {
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.fillSequence = fillSequence
        self.costSavedNanodollars = costSavedNanodollars
        self.scope = scope
        self.key = key
        self.row = row
        self.norm = norm
        self.promptBytes = promptBytes
        self.payloadBytes = payloadBytes
        self.contentType = contentType
        self.dependencies = dependencies
        self.tags = tags
    }

    /// - Parameter entry: the identifier under whose key the record lies.
    package init(decoding record: UnsafeRawBufferPointer, _ entry: EntryIdentifier) throws(CacheError) {
        var reader = try RecordReader(sealed: record, seed: entry.number)
        createdAt = Timestamp(milliseconds: try reader.read())
        expiresAt = Timestamp(milliseconds: try reader.read())
        fillSequence = try reader.read()
        costSavedNanodollars = try reader.read()
        scope = Scope(try reader.read())
        let hasKey = try reader.read(UInt8.self) != 0
        let fingerprint: UInt128 = try reader.read()
        key = hasKey ? ExactKey(fingerprint) : nil
        let rowNumber: UInt32 = try reader.read()
        row = rowNumber == Self.absent ? nil : rowNumber
        norm = try reader.readFloat()
        let promptCount: UInt32 = try reader.read()
        promptBytes = promptCount == Self.absent ? nil : promptCount
        payloadBytes = try reader.read()
        contentType = try reader.readShortText()
        dependencies = []
        for _ in 0..<(try reader.read(UInt8.self)) {
            let source = try reader.readShortText()
            dependencies.append(Dependency(source, try reader.readDataVersion()))
        }
        tags = []
        for _ in 0..<(try reader.read(UInt8.self)) { tags.append(try reader.readShortText()) }
    }

    package func encoded(_ entry: EntryIdentifier) -> [UInt8] {
        var writer = RecordWriter(capacity: 192)
        writer.append(createdAt.milliseconds)
        writer.append(expiresAt.milliseconds)
        writer.append(fillSequence)
        writer.append(costSavedNanodollars)
        writer.append(scope.fingerprint)
        writer.append(UInt8(key == nil ? 0 : 1))
        writer.append(key?.fingerprint ?? 0)
        writer.append(row ?? Self.absent)
        writer.append(norm)
        writer.append(promptBytes ?? Self.absent)
        writer.append(payloadBytes)
        writer.append(short: contentType)
        writer.append(UInt8(dependencies.count))
        for dependency in dependencies {
            writer.append(short: dependency.source)
            writer.append(dependency.version)
        }
        writer.append(UInt8(tags.count))
        for tag in tags { writer.append(short: tag) }
        return writer.sealed(seed: entry.number)
    }
}
