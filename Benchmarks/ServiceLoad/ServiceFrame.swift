package import CacheModel
package import CacheProtocol
import NIOCore

/// Requests of the service as bytes, made before any time is taken.
package enum ServiceFrame {
    package static let headerBytes = FrameHeader.bytes
    private static let identifierOffset = 12

    package static func bytes(of request: Request, identifier: UInt64 = 1) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try buffer.writeRequest(request, identifier: identifier)
        return Array(buffer.readableBytesView)
    }

    package static func hello() throws -> [UInt8] {
        try bytes(of: .hello(HelloRequest(clientName: "service-benchmark")))
    }

    /// - Parameter threshold: nil for the namespace's.
    package static func lookup(_ vector: [Float], namespace: String, threshold: Float? = nil) throws -> [UInt8] {
        try bytes(of: .lookup(LookupRequest(namespace: namespace, [Lookup(vector: vector, threshold: threshold)])))
    }

    package static func insert(_ insertions: [Insertion], namespace: String) throws -> [UInt8] {
        try bytes(of: .insert(InsertRequest(namespace: namespace, insertions)))
    }

    /// So many PINGs without a body, one behind the other, with the identifiers 1, 2 and so on.
    package static func pings(_ count: Int) throws -> [UInt8] {
        try (1...count).flatMap { try bytes(of: .ping([]), identifier: UInt64($0)) }
    }

    /// Gives a frame, or the one that begins at an offset, another identifier.
    package static func setIdentifier(_ identifier: UInt64, of frame: inout [UInt8], at offset: Int = 0) {
        frame.withUnsafeMutableBytes {
            $0.storeBytes(of: identifier.littleEndian, toByteOffset: offset + identifierOffset, as: UInt64.self)
        }
    }
}
