import BenchmarkHarness
import Foundation

/// Several connections of one thread that each send the same requests again as soon as all replies to them are there.
package final class PipelinedClients {
    private let connections: [BlockingConnection]
    private let requests: [UInt8]
    private let requestCount: Int
    private let replies: Replies
    private var received: [Int]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    package enum Replies: Sendable {
        /// Exactly these bytes, each time.
        case same([UInt8])
        /// PINGs without a body, with the identifiers 1 through the number of requests, in any order.
        case pings

        func byteCount(_ requestCount: Int) -> Int {
            switch self {
            case .same(let bytes): bytes.count
            case .pings: requestCount * ServiceFrame.headerBytes
            }
        }

        func check(_ bytes: UnsafeRawBufferPointer, _ requestCount: Int) throws {
            switch self {
            case .same(let expected):
                guard bytes.elementsEqual(expected) else { throw Failure("a reply is not as expected") }
            case .pings:
                var sum: UInt64 = 0
                for start in stride(from: 0, to: bytes.count, by: ServiceFrame.headerBytes) {
                    guard let header = try ServiceReply.Header(UnsafeRawBufferPointer(rebasing: bytes[start...])),
                        !header.isError, header.bodyBytes == 0
                    else { throw Failure("a PING was not answered as it should be") }
                    sum += header.identifier
                }
                guard sum == UInt64(requestCount * (requestCount + 1) / 2) else {
                    throw Failure("PINGs are answered with other identifiers")
                }
            }
        }
    }

    package init(_ connections: [BlockingConnection], requests: [UInt8], requestCount: Int, replies: Replies) throws {
        guard connections.allSatisfy({ $0.descriptor < DescriptorSet.limit }) else {
            throw Failure("too many files are open")
        }
        self.connections = connections
        self.requests = requests
        self.requestCount = requestCount
        self.replies = replies
        received = Array(repeating: 0, count: connections.count)
    }

    deinit { buffer.deallocate() }

    /// - Returns: replies a second, until the first that came after the time was over.
    package func run(seconds: Double) throws -> Double {
        // Each connection's replies gather in a part of the buffer of their own.
        let room = replies.byteCount(requestCount)
        guard room * connections.count <= buffer.count else { throw Failure("too many requests at once") }
        let start = monotonicNanoseconds()
        let end = start + UInt64(seconds * 1e9)
        var count = 0
        var underWay = connections.count
        for connection in connections { try connection.send(requests) }
        while underWay > 0 {
            var readable = DescriptorSet()
            var writable = DescriptorSet()
            for connection in connections { readable.insert(connection.descriptor) }
            DescriptorSet.wait(&readable, &writable, microseconds: 5_000_000)
            var isAnyReadable = false
            let isOver = monotonicNanoseconds() >= end
            for (index, connection) in connections.enumerated() where readable.contains(connection.descriptor) {
                isAnyReadable = true
                let place = UnsafeMutableRawBufferPointer(rebasing: buffer[index * room..<(index + 1) * room])
                let bytes = recv(
                    connection.descriptor, place.baseAddress?.advanced(by: received[index]), room - received[index], 0)
                guard bytes > 0 else { throw Failure("a connection was closed while replies were awaited") }
                received[index] += bytes
                guard received[index] == room else { continue }
                try replies.check(UnsafeRawBufferPointer(place), requestCount)
                received[index] = 0
                if !isOver {
                    count += requestCount
                    try connection.send(requests)
                } else {
                    underWay -= 1
                }
            }
            guard isAnyReadable else { throw Failure("nothing has been answered for five seconds") }
        }
        return Double(count) / (Double(end - start) / 1e9)
    }
}
