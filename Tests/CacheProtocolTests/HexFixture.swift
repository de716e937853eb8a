import Foundation
import NIOCore

/// The golden frames, which every client of the protocol shares.
enum HexFixture {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let folder = root.appending(path: "Tests/Fixtures/frames")

    struct BadLine: Error { var text: String }

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: "\(name).hex"), encoding: .utf8)
    }

    static func bytes(_ name: String) throws -> [UInt8] { try parse(text(name)) }

    /// Pairs of hexadecimal digits between white space; from `#` to the end of a line is a comment.
    static func parse(_ text: String) throws -> [UInt8] {
        try text.split(separator: "\n").flatMap { line in
            let code = line.prefix { $0 != "#" }
            return try code.split(separator: " ").map { pair in
                guard pair.utf8.count == 2, let byte = UInt8(pair, radix: 16) else { throw BadLine(text: String(line)) }
                return byte
            }
        }
    }

    static func names() throws -> Set<String> {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return Set(files.filter { $0.hasSuffix(".hex") }.map { String($0.dropLast(4)) })
    }
}
