import Foundation
import Testing

/// The rows of an `.npy` file of the demo and the lines that belong to them.
struct DemoData {
    var rows: [[Float]]
    var lines: [[String: Any]]

    static let dimension = 384

    /// - Parameter name: of the files in `Demo`, without their extensions.
    init(_ name: String) throws {
        let text = try RepositoryFile(path: "Demo/\(name).jsonl").text()
        lines = try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        let bytes = [UInt8](try Data(contentsOf: RepositoryFile(path: "Demo/\(name).npy").url))
        try #require(bytes.starts(with: [0x93] + Array("NUMPY".utf8) + [1, 0]))
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        let header = String(decoding: bytes[10..<start], as: UTF8.self)
        try #require(header.contains("'descr': '<f4'") && header.contains("'fortran_order': False"))
        try #require(header.contains("'shape': (\(lines.count), \(Self.dimension))"))
        let width = Self.dimension * MemoryLayout<Float>.size
        try #require(bytes.count == start + lines.count * width)
        rows = (0..<lines.count).map { row in
            bytes[start + row * width..<start + (row + 1) * width].withUnsafeBytes { bytes in
                (0..<Self.dimension).map { component in
                    Float(
                        bitPattern: UInt32(
                            littleEndian: bytes.loadUnaligned(fromByteOffset: component * 4, as: UInt32.self)))
                }
            }
        }
    }

    func prompt(_ row: Int) throws -> String { try #require(lines[row]["prompt"] as? String) }

    /// The rows of `entries` that are nearest to one of these, nearest first, with their cosine similarities.
    func neighbors(of row: Int, in entries: DemoData) -> [(row: Int, similarity: Double)] {
        entries.rows.enumerated()
            .map { other, values in (other, zip(rows[row], values).reduce(0) { $0 + Double($1.0) * Double($1.1) }) }
            .sorted { $0.1 > $1.1 }
    }
}
