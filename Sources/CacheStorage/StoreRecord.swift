package import CacheModel

/// The one record about the store as a whole.
package struct StoreRecord: Hashable, Sendable {
    /// The version of everything that this target writes. Raise it with every change of a record, a key or the block layout,
    /// add a step to `FormatUpgrade` and a fixture of the version that was.
    package static let currentFormat: UInt32 = 5

    package var format: UInt32 = currentFormat
    package var incarnation: UInt64
    /// The sequence of the last invalidation.
    package var sequence: UInt64 = 0
    package var isFenced = false
    /// Entries with tags need a lease from this sequence on: what was purged by tag before the loss is unknown.
    package var lossSequence: UInt64 = 0
    package var nextEntry: UInt64 = 1
    package var nextNamespace: UInt32 = 1
    package var nextContent: UInt32 = 1
    /// Over all watermarks and the floors of all namespaces: their count and the wrapping sum of their checksums.
    package var digest = WatermarkDigest()

    package init(incarnation: UInt64) { self.incarnation = incarnation }

    package init(decoding record: UnsafeRawBufferPointer) throws(CacheError) {
        var reader = try RecordReader(sealed: record, seed: 0)
        format = try reader.read()
        incarnation = try reader.read()
        sequence = try reader.read()
        isFenced = try reader.read(UInt8.self) != 0
        lossSequence = try reader.read()
        nextEntry = try reader.read()
        nextNamespace = try reader.read()
        nextContent = try reader.read()
        digest.count = try reader.read()
        digest.sum = try reader.read()
    }

    package func encoded() -> [UInt8] {
        var writer = RecordWriter()
        writer.append(format)
        writer.append(incarnation)
        writer.append(sequence)
        writer.append(UInt8(isFenced ? 1 : 0))
        writer.append(lossSequence)
        writer.append(nextEntry)
        writer.append(nextNamespace)
        writer.append(nextContent)
        writer.append(digest.count)
        writer.append(digest.sum)
        return writer.sealed(seed: 0)
    }

    /// The format of a store whose other fields may have a form that this version does not know: it always comes first.
    package static func format(of record: UnsafeRawBufferPointer) throws(CacheError) -> UInt32 {
        var reader = try RecordReader(sealed: record, seed: 0)
        return try reader.read()
    }
}

/// A digest that finds a lost or revived watermark, which LMDB alone would not notice.
package struct WatermarkDigest: Hashable, Sendable {
    package var count: UInt64 = 0
    package var sum: UInt64 = 0

    package init() {}

    package mutating func add(key: [UInt8], record: [UInt8]) {
        count &+= 1
        sum &+= Self.hash(key, record)
    }

    package mutating func remove(key: [UInt8], record: [UInt8]) {
        count &-= 1
        sum &-= Self.hash(key, record)
    }

    private static func hash(_ key: [UInt8], _ record: [UInt8]) -> UInt64 {
        Checksum.of(record, seed: Checksum.of(key))
    }
}
