import CacheModel

/// The lines of a text file, one after the other, read a piece at a time.
struct JSONLinesFile {
    /// A payload of the largest size, with every byte escaped, and the rest of the line.
    static let lineLimitBytes = 6 * Limits.payloadBytes + (1 << 20)
    private static let pieceBytes = 1 << 20

    let file: FileBytes
    private var offset = 0
    private var piece: ArraySlice<UInt8> = []
    /// Lines read so far.
    private(set) var lineNumber = 0

    init(_ path: String) throws(CacheError) { file = try FileBytes(path) }

    /// The next line without its end; nil after the last one. A file may or may not end with a line feed.
    ///
    /// - Throws: `invalid-argument` for a line that is too long.
    mutating func next() throws(CacheError) -> [UInt8]? {
        var line: [UInt8] = []
        while true {
            if let end = piece.firstIndex(of: UInt8(ascii: "\n")) {
                line += piece[..<end]
                piece = piece[(end + 1)...]
                break
            }
            line += piece
            piece = try file.read(at: offset, upTo: Self.pieceBytes)[...]
            offset += piece.count
            guard line.count <= Self.lineLimitBytes else {
                throw CacheError(
                    .invalidArgument,
                    "line \(lineNumber + 1) of \(file.path) has more than \(Self.lineLimitBytes) bytes",
                    detail: ["path": file.path])
            }
            if piece.isEmpty {
                guard !line.isEmpty else { return nil }
                break
            }
        }
        lineNumber += 1
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    /// How many lines the file has, without looking at what is in them.
    static func count(_ path: String) throws(CacheError) -> Int {
        let file = try FileBytes(path)
        var (count, offset) = (0, 0)
        var last = UInt8(ascii: "\n")
        while true {
            let piece = try file.read(at: offset, upTo: pieceBytes)
            guard let end = piece.last else { break }
            count += piece.count { $0 == UInt8(ascii: "\n") }
            offset += piece.count
            last = end
        }
        return last == UInt8(ascii: "\n") ? count : count + 1
    }
}
