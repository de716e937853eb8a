package import CacheModel

/// What a start must know of an entry: the fields of its record that the index keeps, read without making a text of any of
/// the others.
package struct EntrySummary {
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    package var fillSequence: UInt64
    package var costSavedNanodollars: UInt64
    package var scope: Scope
    package var hasKey: Bool
    package var row: UInt32?
    /// Prompt and payload together.
    package var payloadBytes: Int
    package var hasDependencies: Bool
    package var hasTags: Bool

    /// - Throws: `store-damaged` for a record that is not what its checksum says, or has another form than `EntryRecord`.
    package init(decoding record: UnsafeRawBufferPointer, _ entry: EntryIdentifier) throws(CacheError) {
        var reader = try RecordReader(sealed: record, seed: entry.number)
        createdAt = Timestamp(milliseconds: try reader.read())
        expiresAt = Timestamp(milliseconds: try reader.read())
        fillSequence = try reader.read()
        costSavedNanodollars = try reader.read()
        scope = Scope(try reader.read())
        hasKey = try reader.read(UInt8.self) != 0
        _ = try reader.readBytes(16)
        let rowNumber: UInt32 = try reader.read()
        row = rowNumber == EntryRecord.absent ? nil : rowNumber
        // The norm.
        _ = try reader.readBytes(4)
        let promptBytes: UInt32 = try reader.read()
        payloadBytes = Int(try reader.read(UInt32.self)) + (promptBytes == EntryRecord.absent ? 0 : Int(promptBytes))
        try reader.skipShortText()
        let dependencies = try reader.read(UInt8.self)
        for _ in 0..<dependencies {
            try reader.skipShortText()
            _ = try reader.readDataVersion()
        }
        hasDependencies = dependencies > 0
        hasTags = try reader.read(UInt8.self) > 0
    }
}
