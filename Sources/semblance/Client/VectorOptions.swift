import ArgumentParser
import CacheModel

/// The ways to name a vector.
struct VectorOptions: ParsableArguments {
    // Unconditional: the first component may be negative.
    @Option(
        parsing: .unconditional, help: "The vector: 0.1,-0.2,… or @file.json with an array of numbers.",
        transform: ArgumentText.vector)
    var vector: [Float]?
    @Option(help: "An .npy file that the vector is a row of; see --row.") var vectorFile: String?
    @Option(help: "The row of --vector-file, counted from 0.") var row: Int?

    func validate() throws {
        if vector != nil, vectorFile != nil { throw ValidationError("name either --vector or --vector-file") }
        if (vectorFile == nil) != (row == nil) { throw ValidationError("--vector-file and --row belong together") }
    }

    /// - Returns: nil when none is named.
    /// - Throws: `invalid-argument` for a file that cannot be read, or a row that it does not have.
    func resolved() throws(CacheError) -> [Float]? {
        guard let vectorFile, let row else { return vector }
        let file = try NumPyFile(vectorFile)
        guard (0..<file.rowCount).contains(row) else {
            throw CacheError(
                .invalidArgument, "\(vectorFile) has \(file.rowCount) rows, counted from 0",
                detail: ["field": "row", "got": "\(row)"])
        }
        return try file.rows(row..<row + 1).first
    }
}
