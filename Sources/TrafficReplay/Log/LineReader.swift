#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The lines of a file, one after the other: no more of it is in memory than one line and a buffer.
package struct LineReader: ~Copyable {
    package struct Problem: Error, CustomStringConvertible {
        package var description: String
    }

    package enum Line {
        case bytes([UInt8])
        /// It was passed over.
        case tooLong
    }

    package static let lineLimitBytes = 64 << 20

    private let descriptor: CInt
    private let path: String
    private let limitBytes: Int
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    /// Bytes that were read from the file.
    package private(set) var readBytes = 0
    /// Of the file; nil for a pipe.
    package let fileBytes: Int?

    /// - Parameters:
    ///   - path: `-` for standard input.
    ///   - limitBytes: longer lines are passed over.
    package init(path: String, limitBytes: Int = LineReader.lineLimitBytes) throws(Problem) {
        descriptor = path == "-" ? 0 : open(path, O_RDONLY)
        guard descriptor >= 0 else {
            throw Problem(description: "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        self.path = path
        self.limitBytes = limitBytes
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        fileBytes = isFile ? Int(status.st_size) : nil
    }

    deinit { if descriptor > 0 { _ = close(descriptor) } }

    /// The next line without its end; nil after the last.
    package mutating func next() throws(Problem) -> Line? {
        var line: [UInt8] = []
        var isTooLong = false
        while true {
            if position == buffer.count {
                try fill()
                if isAtEnd {
                    if isTooLong { return .tooLong }
                    return line.isEmpty ? nil : .bytes(Self.withoutReturn(line))
                }
            }
            let rest = buffer[position...]
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            let piece = rest[..<(end ?? rest.endIndex)]
            if isTooLong || piece.count > limitBytes - line.count {
                isTooLong = true
                line = []
            } else {
                line += piece
            }
            position = end.map { $0 + 1 } ?? buffer.count
            if end != nil { return isTooLong ? .tooLong : .bytes(Self.withoutReturn(line)) }
        }
    }

    private mutating func fill() throws(Problem) {
        guard !isAtEnd else { return }
        var bytes = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw Problem(description: "\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            isAtEnd = count == 0
            bytes.removeLast(bytes.count - count)
            readBytes += count
            buffer = bytes
            position = 0
            return
        }
    }

    private static func withoutReturn(_ line: [UInt8]) -> [UInt8] {
        line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}
