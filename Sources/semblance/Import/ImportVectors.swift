import CacheModel

/// Where the vectors of an import are: in an `.npy` file, or in the lines themselves.
struct ImportVectors: Sendable {
    let file: FileBytes
    let rowCount: Int
    /// Nil where every line has its own vector.
    let numPy: NumPyFile?
    /// What an export says of the namespace that it was made of.
    let header: ExportHeader?

    /// - Throws: `invalid-argument` for a file that is neither.
    init(_ path: String) throws(CacheError) {
        let file = try FileBytes(path)
        // Every .npy file begins with these bytes, and no JSON does.
        guard try file.read(at: 0, upTo: 6) != [0x93] + Array("NUMPY".utf8) else {
            let numPy = try NumPyFile(path)
            (self.file, rowCount, self.numPy, header) = (numPy.file, numPy.rowCount, numPy, nil)
            return
        }
        guard !path.hasSuffix(".npy") else {
            _ = try NumPyFile(path)
            throw CacheError(.invalidArgument, "\(path) is no .npy file", detail: ["path": path])
        }
        var lines = try JSONLinesFile(path)
        let first = try lines.next()
        let header: ExportHeader? = if let first { try ExportHeader(parsing: first) } else { nil }
        self.header = header
        rowCount = try JSONLinesFile.count(path) - (header == nil ? 0 : 1)
        self.file = file
        numPy = nil
    }

    /// Lines before the first row.
    var headerLines: Int { header == nil ? 0 : 1 }

    /// For people: how many of what.
    var summary: String {
        guard let numPy else { return NumberText.count(rowCount, "entry", "entries") }
        return "\(NumberText.grouped(rowCount)) × \(numPy.dimension) \(numPy.header.scalar)"
    }

    /// - Returns: nil where the lines have them.
    func rows(_ range: Range<Int>) throws(CacheError) -> [[Float]]? { try numPy?.rows(range) }
}
