import VectorSearch

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func component() -> Float { Float.random(in: -1...1, using: &self) }

    mutating func components(_ count: Int) -> [Float] { (0..<count).map { _ in component() } }
}

/// Floats at an address that stays: `count` rows, `stride` floats apart.
final class RowMemory {
    let base: UnsafeMutablePointer<Float>
    let stride: Int

    init(rows: [[Float]], stride: Int) {
        self.stride = stride
        base = .allocate(capacity: max(1, rows.count * stride))
        // What lies between rows must not count.
        base.initialize(repeating: .nan, count: max(1, rows.count * stride))
        for (index, row) in rows.enumerated() {
            (base + index * stride).update(from: row, count: row.count)
        }
    }

    deinit { base.deallocate() }
}

extension UnitVector {
    /// The floats of the row, padding included.
    var row: [Float] { withUnsafeRow { Array($0) } }
}

/// The canonical dot product as its definition reads, written a second time.
func definedDot(_ query: [Float], _ row: [Float]) -> Float {
    var a = [Float](repeating: 0, count: 32)
    for index in query.indices { a[index % 32].addProduct(query[index], row[index]) }
    let b = (0..<16).map { a[$0] + a[$0 + 16] }
    let c = (0..<8).map { b[$0] + b[$0 + 8] }
    let d = (0..<4).map { c[$0] + c[$0 + 4] }
    return (d[0] + d[2]) + (d[1] + d[3])
}
