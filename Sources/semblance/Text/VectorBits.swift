import FoundationEssentials

/// The components of a vector as bytes: 32-bit floats, little-endian. In JSON as base64, which keeps every bit.
enum VectorBits {
    static func base64(_ vector: [Float]) -> String {
        var bytes = Data(capacity: vector.count * 4)
        for component in vector {
            withUnsafeBytes(of: component.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes.base64EncodedString()
    }

    /// - Returns: nil for no bytes, or a number that is no multiple of 4.
    static func vector(_ bytes: [UInt8]) -> [Float]? {
        guard !bytes.isEmpty, bytes.count.isMultiple(of: 4) else { return nil }
        return bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { offset in
                let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }
}
