import BenchmarkHarness
import Foundation

/// A connection of one thread that asks and waits, with nothing between it and the socket.
final class Connection {
    struct Response {
        /// Head and body as they came; a body in chunks with their lengths.
        var bytes: [UInt8]
        /// From before the request was written to the first byte, and to the last.
        var firstMicroseconds: Double
        var microseconds: Double

        /// The value of a header whose name is written in small letters.
        func header(_ name: String) -> String? {
            let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.lowerBound ?? bytes.count
            for line in String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == name else { continue }
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
            return nil
        }
    }

    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(port: Int) throws {
        descriptor = try LoopbackPort.connect(port)
    }

    func close() { _ = Foundation.close(descriptor) }

    /// Writes a request and reads the whole response.
    func ask(_ request: [UInt8]) throws -> Response {
        let start = ContinuousClock.now
        guard request.withUnsafeBytes({ send(descriptor, $0.baseAddress, $0.count, 0) }) == request.count else {
            throw Failure("a request cannot be sent")
        }
        var response = Response(bytes: [], firstMicroseconds: 0, microseconds: 0)
        var length: Int?
        var isChunked = false
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { throw Failure("a connection was closed in the middle of a response") }
            let now = ContinuousClock.now
            if response.bytes.isEmpty { response.firstMicroseconds = (now - start) / .microseconds(1) }
            response.bytes += buffer[..<count]
            if length == nil, !isChunked, let end = response.bytes.firstRange(of: Self.headEnd)?.upperBound {
                length = response.header("content-length").flatMap { Int($0) }.map { end + $0 }
                isChunked = length == nil
            }
            let isWhole =
                isChunked
                ? response.bytes.suffix(4).elementsEqual(Self.headEnd) && response.bytes.contains(Self.lastChunk)
                : response.bytes.count == length
            guard isWhole else { continue }
            response.microseconds = (now - start) / .microseconds(1)
            return response
        }
    }

    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let lastChunk = Array("\r\n0\r\n".utf8)
}
