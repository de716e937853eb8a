import CacheModel

/// Makes `.npy` files, right and wrong ones.
enum NumPyBytes {
    static func header(
        _ dictionary: String, version: UInt8 = 1, magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    ) -> [UInt8] {
        let text = Array((dictionary + "\n").utf8)
        let count =
            version == 1
            ? [UInt8(text.count & 0xff), UInt8(text.count >> 8 & 0xff)]
            : (0..<4).map { UInt8(text.count >> (8 * $0) & 0xff) }
        return magic + [version, 0] + count + text
    }

    static func dictionary(_ descr: String, _ shape: String, isFortran: Bool = false) -> String {
        "{'descr': '\(descr)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': \(shape), }"
    }

    static func float32(_ rows: [[Float]], version: UInt8 = 1) -> [UInt8] {
        header(dictionary("<f4", "(\(rows.count), \(rows.first?.count ?? 1))"), version: version)
            + rows.flatMap { $0.flatMap { littleEndian($0.bitPattern) } }
    }

    static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    /// Vectors of no particular direction.
    static func randomRows(_ count: Int, dimension: Int, seed: UInt64) -> [[Float]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) } }
    }
}
