import BenchmarkHarness
import Foundation

/// A connection of one thread, with nothing between it and the socket.
package final class BlockingConnection {
    let descriptor: Int32
    private let buffer: UnsafeMutableRawBufferPointer
    /// What has been received and not been returned yet.
    private var unread = 0..<0

    package init(port: Int) throws {
        descriptor = try LoopbackPort.connect(port)
        buffer = .allocate(byteCount: 1 << 18, alignment: 16)
    }

    deinit {
        _ = close(descriptor)
        buffer.deallocate()
    }

    /// A connection that has said HELLO to the service.
    package static func service(port: Int) throws -> BlockingConnection {
        let connection = try BlockingConnection(port: port)
        guard case .done = try connection.serviceReply(to: try ServiceFrame.hello()) else {
            throw Failure("the service refuses HELLO")
        }
        return connection
    }

    package func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Foundation.send(descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, 0)
                guard count > 0 else { throw Failure("a request cannot be sent: \(String(cString: strerror(errno)))") }
                sent += count
            }
        }
    }

    /// The next reply, whole. It stays where it is until the next call.
    ///
    /// - Parameter length: of the reply that the bytes begin with; nil while it cannot be told.
    package func reply(_ length: (UnsafeRawBufferPointer) throws -> Int?) throws -> UnsafeRawBufferPointer {
        while true {
            let received = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[unread])
            if let count = try length(received), count <= received.count {
                unread = unread.lowerBound + count..<unread.upperBound
                return UnsafeRawBufferPointer(rebasing: received[..<count])
            }
            if unread.lowerBound > 0 {
                buffer.copyMemory(from: received)
                unread = 0..<received.count
            }
            let room = buffer.count - unread.upperBound
            guard room > 0 else { throw Failure("a reply is longer than expected") }
            let count = recv(descriptor, buffer.baseAddress?.advanced(by: unread.upperBound), room, 0)
            guard count > 0 else { throw Failure("a connection was closed while a reply was awaited") }
            unread = unread.lowerBound..<unread.upperBound + count
        }
    }

    /// The service's next reply, and to which request it is.
    package func serviceReply() throws -> (identifier: UInt64, reply: ServiceReply) {
        let bytes = try reply { try ServiceReply.length($0) }
        guard let header = try ServiceReply.Header(bytes) else { throw Failure("a reply without a header") }
        let body = UnsafeRawBufferPointer(rebasing: bytes[ServiceFrame.headerBytes...])
        return (header.identifier, try ServiceReply(header, body: body))
    }

    package func serviceReply(to frame: [UInt8]) throws -> ServiceReply {
        try send(frame)
        return try serviceReply().reply
    }
}
