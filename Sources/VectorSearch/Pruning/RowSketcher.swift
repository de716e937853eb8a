import CVectorKernels

/// Makes the sketches of rows, a batch at a time. Belongs to one thread.
package final class RowSketcher {
    package let partition: PruningPartition
    private let kernels: Kernels
    private let table: UnsafePointer<svk_sketch_kernels>

    /// Rows whose products with all centroids fit into the second cache.
    private static let tileRows = Int(SVK_SKETCH_ASSIGNED)
    private let whole: AlignedMemory<Int16>
    private let products: AlignedMemory<Int32>
    private let owners = AlignedMemory<UInt32>(count: RowSketcher.tileRows, zero: 0)
    private let projected: AlignedMemory<Float>
    private let rotated: AlignedMemory<Float>
    private var rows: [UnsafePointer<Float>] = []
    private var wholeRows: [UnsafePointer<Int16>] = []

    package init?(_ partition: PruningPartition, kernels: Kernels) {
        guard let table = kernels.sketches else { return nil }
        self.partition = partition
        self.kernels = kernels
        self.table = table
        let layout = partition.layout
        whole = AlignedMemory(count: Self.tileRows * layout.length, zero: 0)
        products = AlignedMemory(count: Self.tileRows * partition.cellCount, zero: 0)
        projected = AlignedMemory(count: Self.tileRows * layout.prefix, zero: 0)
        rotated = AlignedMemory(count: layout.length, zero: 0)
        for row in 0..<Self.tileRows { wholeRows.append(UnsafePointer(whole.base + row * layout.length)) }
    }

    /// Bytes of one sketch.
    package var sketchBytes: Int { partition.layout.sketchBytes }

    /// Writes the sketches of unit vectors, one behind the other.
    /// - Parameters:
    ///   - rows: The vectors, each as long as `UnitVector` stores it.
    ///   - sketches: Room for `sketchBytes` bytes for each.
    package func sketch(_ rows: [UnsafePointer<Float>], into sketches: UnsafeMutableRawBufferPointer) {
        precondition(sketches.count >= rows.count * sketchBytes)
        guard var target = sketches.baseAddress else { return }
        for start in stride(from: 0, to: rows.count, by: Self.tileRows) {
            self.rows.replaceSubrange(0..., with: rows[start..<min(start + Self.tileRows, rows.count)])
            sketchTile(target)
            target += self.rows.count * sketchBytes
        }
    }

    private func sketchTile(_ target: UnsafeMutableRawPointer) {
        let layout = partition.layout
        let cells = partition.cellCount
        for (index, row) in rows.enumerated() {
            var distance = 0.0
            _ = table.pointee.round(
                row, min(layout.rowLength, layout.length), layout.length, whole.base + index * layout.length, &distance)
        }
        var centroids = svk_sketch_centroids(
            steps: partition.centroids.base, scales: partition.scales.base, sums: partition.sums.base, count: cells,
            length: layout.length)
        table.pointee.assign(wholeRows, rows.count, &centroids, products.base, owners.base)
        kernels.table.pointee.dots(
            rows, rows.count, partition.basis.base, layout.rowLength, layout.prefix, layout.rowLength, projected.base,
            layout.prefix)
        for (index, row) in rows.enumerated() {
            let cell = Int(owners.base[index])
            let cosine = svk_sketch_dot(
                row, partition.centroids.base + cell * layout.length, min(layout.rowLength, layout.length))
            for position in 0..<layout.length {
                rotated.base[position] = position < layout.rowLength ? row[position] : 0
            }
            table.pointee.rotate(rotated.base, layout.length, partition.signs.base)
            var parts = svk_sketch_row(
                cosine: Float(cosine * Double(partition.scales.base[cell])),
                projected: projected.base + index * layout.prefix,
                centroid_projected: partition.projections.base + cell * layout.prefix, pairs: layout.pairs,
                rotated: rotated.base, centroid_rotated: partition.rotations.base + cell * layout.length,
                length: layout.length, offset_step: partition.offsetSteps.base[cell],
                alignment_error: partition.projectionError + partition.basisDefect)
            let sketch = (target + index * sketchBytes).assumingMemoryBound(to: UInt8.self)
            table.pointee.make(&parts, sketch, sketch + layout.recordBytes)
            (target + index * sketchBytes).storeBytes(
                of: UInt32(truncatingIfNeeded: cell).littleEndian, toByteOffset: layout.cellOffset, as: UInt32.self)
        }
    }
}
