/// Rows that lie together in memory: `count` rows, the search's stride apart, the first of which has the number
/// `firstRow`.
///
/// The memory must stay as it is until the search is over. Rows are unit vectors, as `UnitVector` makes them.
package struct RowRun {
    package var base: UnsafePointer<Float>
    package var count: Int
    package var firstRow: UInt32

    package init(base: UnsafePointer<Float>, count: Int, firstRow: UInt32) {
        self.base = base
        self.count = count
        self.firstRow = firstRow
    }
}
