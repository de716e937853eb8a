import CacheModel
import NIOCore

/// How the components of vectors are written.
package enum VectorEncoding: UInt8, Hashable, Sendable, CaseIterable {
    case float32 = 1
    /// Half the bytes, 11 significant bits; rounded to nearest, ties to even.
    case float16 = 2

    var componentBytes: Int { self == .float32 ? 4 : 2 }

    /// Element type u8, dimension u16, then the components.
    func wireBytes(_ vector: [Float]?) -> Int { 3 + (vector?.count ?? 0) * componentBytes }

    static let minimumWireBytes = 3
}

extension ByteBuffer {
    /// - Parameter vector: nil and an empty one are written alike, with dimension 0.
    mutating func write(_ vector: [Float]?, as encoding: VectorEncoding) throws(CacheError) {
        write(encoding.rawValue)
        try write(count: vector?.count ?? 0, of: "vector")
        guard let vector, !vector.isEmpty else { return }
        let bytes = vector.count * encoding.componentBytes
        vector.withUnsafeBufferPointer { components in
            _ = writeWithUnsafeMutableBytes(minimumWritableBytes: bytes) { target in
                switch encoding {
                case .float32:
                    #if _endian(little)
                    target.copyMemory(from: UnsafeRawBufferPointer(components))
                    #else
                    for (index, component) in components.enumerated() {
                        target.storeBytes(
                            of: component.bitPattern.littleEndian, toByteOffset: index * 4, as: UInt32.self)
                    }
                    #endif
                case .float16:
                    for index in 0..<components.count {
                        target.storeBytes(
                            of: HalfPrecision.bits(components[index]).littleEndian, toByteOffset: index * 2,
                            as: UInt16.self)
                    }
                }
                return bytes
            }
        }
    }
}

extension BodyReader {
    /// - Returns: nil for dimension 0, and, with a fault, for one above `Limits.dimensionRange`.
    mutating func vector() throws(CacheError) -> [Float]? {
        guard let encoding = VectorEncoding(rawValue: try integer()) else {
            throw malformed("unknown element type of a vector")
        }
        let dimension = Int(try integer(UInt16.self))
        if enforcesLimits, dimension > Limits.dimensionRange.upperBound {
            try skip(dimension * encoding.componentBytes)
            note(.outOfRange("vector", limit: Limits.dimensionRange.upperBound, got: dimension))
            return nil
        }
        guard dimension > 0 else { return nil }
        return try read(dimension * encoding.componentBytes) { source in
            // Filling what was appended is quicker than an array that is allocated without values: that one is not
            // made by code for `Float`.
            var vector: [Float] = []
            vector.reserveCapacity(dimension)
            vector.append(contentsOf: repeatElement(0, count: dimension))
            vector.withUnsafeMutableBufferPointer { vector in
                switch encoding {
                case .float32:
                    #if _endian(little)
                    UnsafeMutableRawBufferPointer(vector).copyMemory(from: source)
                    #else
                    for index in 0..<dimension {
                        let bits = source.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
                        vector[index] = Float(bitPattern: UInt32(littleEndian: bits))
                    }
                    #endif
                case .float16:
                    for index in 0..<dimension {
                        let bits = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                        vector[index] = HalfPrecision.float(UInt16(littleEndian: bits))
                    }
                }
            }
            return vector
        }
    }
}
