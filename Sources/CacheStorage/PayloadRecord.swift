package import CacheModel

/// The prompt and the payload of an entry, read only when it is a hit: checksum of both, prompt, payload.
package enum PayloadRecord {
    package static func encoded(prompt: String?, payload: [UInt8], _ entry: EntryIdentifier) -> [UInt8] {
        var writer = RecordWriter(capacity: payload.count + (prompt?.utf8.count ?? 0) + 8)
        if let prompt { writer.append(contentsOf: prompt.utf8) }
        writer.append(contentsOf: payload)
        return writer.sealed(seed: entry.number)
    }

    /// - Throws: `store-damaged` when the record is not what the entry says.
    package static func decode(
        _ record: UnsafeRawBufferPointer, of entry: EntryRecord, _ identifier: EntryIdentifier
    ) throws(CacheError) -> (prompt: String?, payload: [UInt8]) {
        var reader = try RecordReader(sealed: record, seed: identifier.number)
        let prompt: String? =
            if let count = entry.promptBytes { try reader.readText(Int(count)) } else { nil }
        guard reader.remainingCount == Int(entry.payloadBytes) else { throw RecordReader.damaged }
        return (prompt, Array(try reader.readBytes(Int(entry.payloadBytes))))
    }
}
