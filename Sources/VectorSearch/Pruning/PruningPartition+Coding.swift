package import CacheModel

extension PruningPartition {
    private static let magic: UInt32 = 0x5350_5631

    /// The partition as bytes: a header of 32 bytes (magic, dimension, cells, pairs: UInt32; seed: UInt64; typical
    /// alignment: Float; zero), the basis, the scales and the centroids. Little-endian.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 + basis.byteCount + scales.byteCount + centroids.byteCount)
        func put<Number: FixedWidthInteger>(_ number: Number) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        put(Self.magic)
        put(UInt32(layout.dimension))
        put(UInt32(cellCount))
        put(UInt32(layout.pairs))
        put(seed)
        put(typicalAlignment.bitPattern)
        put(UInt32(0))
        for index in 0..<basis.count { put(basis.base[index].bitPattern) }
        for index in 0..<scales.count { put(scales.base[index].bitPattern) }
        for index in 0..<centroids.count { put(centroids.base[index]) }
        return bytes
    }

    /// - Throws: `storeDamaged` for bytes that are no partition for vectors of this dimension.
    package convenience init(
        decoding bytes: UnsafeRawBufferPointer, dimension: Int, kernels: Kernels
    ) throws(CacheError) {
        let damaged = CacheError(.storeDamaged, "the search partition is damaged")
        guard bytes.count >= 32, Limits.dimensionRange.contains(dimension) else { throw damaged }
        func word(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let cells = Int(word(8))
        let layout = SketchLayout(dimension: dimension)
        guard word(0) == Self.magic, Int(word(4)) == dimension, Int(word(12)) == layout.pairs,
            (1...PruningPlan.mostCells).contains(cells),
            bytes.count == 32 + 4 * layout.prefix * layout.rowLength + cells * (4 + layout.length)
        else { throw damaged }
        let basis = AlignedMemory<Float>(count: layout.prefix * layout.rowLength, zero: 0)
        let scales = AlignedMemory<Float>(count: cells, zero: 0)
        let centroids = AlignedMemory<Int8>(count: cells * layout.length, zero: 0)
        var offset = 32
        for index in 0..<basis.count {
            basis.base[index] = Float(bitPattern: word(offset))
            offset += 4
        }
        for index in 0..<cells {
            scales.base[index] = Float(bitPattern: word(offset))
            offset += 4
        }
        for index in 0..<centroids.count { centroids.base[index] = Int8(bitPattern: bytes[offset + index]) }
        let seed = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        try self.init(
            checking: layout, seed: seed, typicalAlignment: Float(bitPattern: word(24)), basis: basis,
            centroids: centroids, scales: scales, kernels: kernels)
    }
}
