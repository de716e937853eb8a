package import BenchmarkHarness
import Foundation

/// Redis' protocol, RESP 2, as far as a load needs it.
package enum RedisWire {
    /// An array of strings, as every client of Redis sends its commands.
    package static func command(_ words: [[UInt8]]) -> [UInt8] {
        words.reduce(into: Array("*\(words.count)\r\n".utf8)) { bytes, word in
            bytes += Array("$\(word.count)\r\n".utf8) + word + [13, 10]
        }
    }

    package static func command(_ words: String...) -> [UInt8] { command(words.map { Array($0.utf8) }) }

    /// The length of the first reply, its ends of line included; nil while that is not known.
    ///
    /// - Throws: when it is an error, or one of several replies in one, which nothing here asks for.
    package static func length(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> Int? {
        guard let end = bytes.firstIndex(of: 10) else { return nil }
        let line = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[1..<max(1, end - 1)]), as: UTF8.self)
        switch bytes[0] {
        case UInt8(ascii: "+"), UInt8(ascii: ":"): return end + 1
        case UInt8(ascii: "$"):
            guard let count = Int(line), count <= 1 << 29 else { throw Failure("Redis: a length of \(line)") }
            return count < 0 ? end + 1 : end + 1 + count + 2
        case UInt8(ascii: "-"): throw Failure("Redis: \(line)")
        default: throw Failure("Redis: a reply that was not asked for")
        }
    }
}

extension RedisWire {
    /// The last line of what `redis-benchmark --csv` prints, by the names of its columns.
    ///
    /// - Returns: nil when there is no such line.
    package static func figures(of text: String) -> [String: Double]? {
        let lines = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("\"") }
        guard lines.count >= 2 else { return nil }
        func cells(_ line: Substring) -> [String] {
            line.split(separator: ",").map { $0.trimmingCharacters(in: ["\""]) }
        }
        let values = cells(lines[lines.count - 1]).map { Double($0) }
        let pairs = zip(cells(lines[0]), values).compactMap { name, value in value.map { (name, $0) } }
        return Dictionary(pairs, uniquingKeysWith: { $1 })
    }
}
