import FoundationEssentials

/// A file of tensors: eight bytes that tell the length of a header in JSON, the header, and the numbers.
/// https://huggingface.co/docs/safetensors
///
/// The file is memory-mapped. Every length and offset is checked against the file when it is opened, so that what a
/// tensor points to is always inside of it.
package struct SafetensorsFile: Sendable {
    /// A tensor of float32, wherever its first byte lies.
    package struct Tensor: Sendable {
        package let shape: [Int]
        let file: MappedFile
        let range: Range<Int>

        package var count: Int { range.count / MemoryLayout<Float>.size }

        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

        /// The numbers in place, nil where the file has them at an odd address.
        var floats: UnsafePointer<Float>? {
            guard let base = bytes.baseAddress, Int(bitPattern: base) % MemoryLayout<Float>.alignment == 0 else {
                return nil
            }
            return base.assumingMemoryBound(to: Float.self)
        }
    }

    private struct Entry: Decodable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Header: Decodable {
        var entries: [String: Entry] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for key in container.allKeys where key.stringValue != "__metadata__" {
                entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
            }
        }
    }

    private let file: MappedFile
    private let entries: [String: Entry]
    private let dataStart: Int

    /// The names of all tensors.
    package var names: [String] { entries.keys.sorted() }

    /// - Throws: `file-unreadable`, `file-damaged`.
    package init(path: String) throws(EmbeddingError) {
        file = try MappedFile(path: path, limitBytes: .max)
        let bytes = file.bytes
        func damaged(_ reason: String) -> EmbeddingError { EmbeddingError(.fileDamaged, "\(path) \(reason).") }
        guard bytes.count >= 8 else { throw damaged("is too short for a safetensors file") }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(min(bytes.count - 8, EncoderLimits.weightsHeaderBytes)) else {
            throw damaged("tells a header of \(length) bytes, which it does not have or which is beyond the limit")
        }
        dataStart = 8 + Int(length)
        do {
            entries = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<dataStart])).entries
        } catch {
            throw damaged("has a header that is not the JSON of a safetensors file")
        }
        let dataBytes = bytes.count - dataStart
        for (name, entry) in entries {
            guard entry.data_offsets.count == 2, let begin = entry.data_offsets.first,
                let end = entry.data_offsets.last,
                0 <= begin, begin <= end, end <= dataBytes
            else { throw damaged("has a tensor, \(name), that lies outside of the file") }
        }
    }

    package var byteCount: Int { file.bytes.count }

    /// Gives back the memory of what was read so far.
    func release() { file.release() }

    package func contains(_ name: String) -> Bool { entries[name] != nil }

    /// - Throws: `weights-missing`; `weights-mismatch` for another shape or type; `file-damaged` where shape and bytes
    ///   disagree.
    package func tensor(_ name: String, shape: [Int]) throws(EmbeddingError) -> Tensor {
        guard let entry = entries[name] else {
            throw EmbeddingError(.weightsMissing, "\(file.path) has no tensor \(name).")
        }
        guard entry.dtype == "F32" else {
            throw EmbeddingError(.weightsMismatch, "\(name) is of type \(entry.dtype); only F32 is read.")
        }
        guard entry.shape == shape else {
            throw EmbeddingError(
                .weightsMismatch, "\(name) has the shape \(entry.shape), by the configuration it is \(shape).")
        }
        var byteCount = MemoryLayout<Float>.size
        for extent in shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
            guard !overflow, extent >= 0 else {
                throw EmbeddingError(.fileDamaged, "\(name) has the impossible shape \(shape).")
            }
            byteCount = product
        }
        let begin = entry.data_offsets[0], end = entry.data_offsets[1]
        guard end - begin == byteCount else {
            throw EmbeddingError(.fileDamaged, "\(name) has \(end - begin) bytes, by its shape it has \(byteCount).")
        }
        return Tensor(shape: shape, file: file, range: dataStart + begin..<dataStart + end)
    }
}
