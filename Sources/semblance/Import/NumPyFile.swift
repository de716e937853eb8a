import CacheModel

/// Rows of vectors in an `.npy` file, read as they are needed.
struct NumPyFile: Sendable {
    let header: NumPyHeader
    let file: FileBytes

    var rowCount: Int { header.rowCount }
    var dimension: Int { header.dimension }

    /// - Throws: `invalid-argument` for what cannot be imported, saying why.
    init(_ path: String) throws(CacheError) {
        let file = try FileBytes(path)
        let prefix = try file.read(at: 0, upTo: NumPyHeader.prefixBytes)
        let (offset, count) = try NumPyHeader.dictionary(prefix, path: path)
        let dictionary = try file.read(at: offset, count: count)
        header = try NumPyHeader(dictionary, dataOffset: offset + count, fileBytes: file.size, path: path)
        self.file = file
    }

    /// - Parameter range: within `0..<rowCount`.
    /// - Throws: `invalid-argument` when the file was shortened meanwhile.
    func rows(_ range: Range<Int>) throws(CacheError) -> [[Float]] {
        let bytes = try file.read(
            at: header.dataOffset + range.lowerBound * header.rowBytes, count: range.count * header.rowBytes)
        return bytes.withUnsafeBytes { bytes in
            (0..<range.count).map { row in
                let start = row * header.rowBytes
                return [Float](unsafeUninitializedCapacity: dimension) { buffer, count in
                    for index in 0..<dimension {
                        buffer.initializeElement(
                            at: index, to: component(bytes, at: start + index * header.scalar.bytes))
                    }
                    count = dimension
                }
            }
        }
    }

    private func component(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Float {
        switch header.scalar {
        case .float16:
            Self.float(half: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
        case .float32:
            Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        case .float64:
            Float(
                Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))))
        }
    }

    /// The value of an IEEE 754 half, exactly. Swift's `Float16` does not exist on every platform of this package.
    static func float(half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10 & 0x1f)
        let fraction = UInt32(half & 0x3ff)
        switch exponent {
        // Zero or subnormal: fraction × 2⁻²⁴.
        case 0: return Float(bitPattern: sign | (Float(fraction) * 0x1p-24).bitPattern)
        case 0x1f: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
