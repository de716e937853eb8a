import CacheModel
import NIOCore

extension SearchExplanation {
    static let wireBytes = 1 + 8 * 8 + 6 * 8

    /// Plan u8, eight counts u64, six times u64, in the order in which they are declared.
    func write(to bytes: inout ByteBuffer) {
        bytes.write(plan.rawValue)
        bytes.write(counts.rows)
        bytes.write(counts.scopeRows)
        bytes.write(counts.cells)
        bytes.write(counts.cellsVisited)
        bytes.write(counts.blocks)
        bytes.write(counts.sketchesRead)
        bytes.write(counts.sketchesRefined)
        bytes.write(counts.rowsCompared)
        bytes.write(times.prepareNanoseconds)
        bytes.write(times.centroidNanoseconds)
        bytes.write(times.chooseNanoseconds)
        bytes.write(times.sketchNanoseconds)
        bytes.write(times.refineNanoseconds)
        bytes.write(times.compareNanoseconds)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        guard let plan = Plan(rawValue: try reader.integer()) else {
            throw reader.malformed("unknown plan of a search")
        }
        self.init(plan: plan)
        counts.rows = try reader.integer()
        counts.scopeRows = try reader.integer()
        counts.cells = try reader.integer()
        counts.cellsVisited = try reader.integer()
        counts.blocks = try reader.integer()
        counts.sketchesRead = try reader.integer()
        counts.sketchesRefined = try reader.integer()
        counts.rowsCompared = try reader.integer()
        times.prepareNanoseconds = try reader.integer()
        times.centroidNanoseconds = try reader.integer()
        times.chooseNanoseconds = try reader.integer()
        times.sketchNanoseconds = try reader.integer()
        times.refineNanoseconds = try reader.integer()
        times.compareNanoseconds = try reader.integer()
    }
}
