import BenchmarkHarness
import Foundation
import ServiceLoad

/// What `semblance import` takes, and what it says when it is done.
enum ImportFiles {
    /// Writes the vectors as `.npy`, and beside them a payload for each as `.jsonl`.
    static func write(_ workload: Workload, to file: URL) throws {
        let shape = "(\(workload.rowCount), \(Workload.dimension))"
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
        // The data begins at a multiple of 64.
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        var bytes = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
        bytes += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
        bytes += Data(header.utf8)
        for number in 0..<workload.rowCount {
            workload.vectors.row(number).withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        try bytes.write(to: file)
        let line = #"{"payload":"\#(String(decoding: Workload.payload, as: UTF8.self))"}"# + "\n"
        let payloads = file.deletingPathExtension().appendingPathExtension("jsonl")
        try Data(String(repeating: line, count: workload.rowCount).utf8).write(to: payloads)
    }

    /// Rows a second, by the report of the import.
    ///
    /// - Throws: when not all rows are stored.
    static func rate(of report: String, rowCount: Int) throws -> Double {
        struct Report: Decodable {
            var storedCount: Int
            var elapsedMicroseconds: Double
        }
        let report = try JSONDecoder().decode(Report.self, from: Data(report.utf8))
        guard report.storedCount == rowCount else {
            throw Failure("\(report.storedCount) of \(rowCount) rows are stored")
        }
        return Double(rowCount) / (report.elapsedMicroseconds / 1e6)
    }
}
