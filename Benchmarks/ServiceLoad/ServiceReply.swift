package import BenchmarkHarness
import CacheModel
import CacheProtocol

/// What a reply of the service says, as far as a load needs it; read where it stands in the receive buffer.
package enum ServiceReply: Equatable, Sendable {
    case lookup(isHit: Bool, searchNanoseconds: UInt64)
    /// Anything else that is not an error.
    case done
    /// The request, or the one item of it, was refused with the error of this number.
    case refused(UInt16)

    /// The 20 bytes before every reply.
    package struct Header: Equatable, Sendable {
        package var opcode: UInt8
        package var isError: Bool
        package var bodyBytes: Int
        package var identifier: UInt64

        /// - Returns: nil while fewer than 20 bytes are there.
        /// - Throws: when they are no header of a reply.
        package init?(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
            guard bytes.count >= FrameHeader.bytes else { return nil }
            let flags = bytes.little(UInt16.self, at: 6)
            guard bytes.little(UInt32.self, at: 0) == 0x4c42_4d53, bytes[4] == FrameHeader.version, flags & ~2 == 1
            else {
                throw Failure("what came back is no reply of the service")
            }
            opcode = bytes[5]
            isError = flags & 2 != 0
            bodyBytes = Int(bytes.little(UInt32.self, at: 8))
            identifier = bytes.little(UInt64.self, at: 12)
        }
    }

    /// Header and body, in bytes; nil while that is not known.
    package static func length(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> Int? {
        try Header(bytes).map { FrameHeader.bytes + $0.bodyBytes }
    }

    /// - Parameter body: the whole body of the reply.
    /// - Throws: when it is shorter than such a reply is.
    package init(_ header: Header, body: UnsafeRawBufferPointer) throws(Failure) {
        if header.isError {
            guard body.count >= 2 else { throw Failure("an error has no code") }
            self = .refused(body.little(UInt16.self, at: 0))
        } else if header.opcode == Opcode.lookup.rawValue {
            self = try Self.lookup(body)
        } else if header.opcode == Opcode.insert.rawValue {
            self = try Self.insert(body)
        } else {
            self = .done
        }
    }

    /// Of the first lookup: count u16, kind u8, lease 24 bytes, search u64, sequences (none were asked for) u16.
    private static func lookup(_ body: UnsafeRawBufferPointer) throws(Failure) -> ServiceReply {
        guard body.count >= 38 else { throw Failure("a reply to a lookup ends too early") }
        switch body[2] {
        case 0:
            guard body.count >= 39 else { throw Failure("a reply to a lookup ends too early") }
            return .refused(body.little(UInt16.self, at: 37))
        case let kind:
            return .lookup(isHit: kind == 1, searchNanoseconds: body.little(UInt64.self, at: 27))
        }
    }

    /// Count u16, then of each its kind u8 and one entry u64, or two where one took the place of another.
    private static func insert(_ body: UnsafeRawBufferPointer) throws(Failure) -> ServiceReply {
        guard body.count >= 2 else { throw Failure("a reply to an insert ends too early") }
        var offset = 2
        for _ in 0..<body.little(UInt16.self, at: 0) {
            guard offset + 9 <= body.count else { throw Failure("a reply to an insert ends too early") }
            guard body[offset] != 0 else { return .refused(body.little(UInt16.self, at: offset + 1)) }
            offset += body[offset] == 2 ? 17 : 9
        }
        return .done
    }

    /// The name of an error, as documents have it.
    package static func name(of code: UInt16) -> String { CacheError.Code(number: code)?.rawValue ?? "error \(code)" }
}

extension UnsafeRawBufferPointer {
    /// An integer of the wire; the caller has seen to it that it is there.
    func little<Integer: FixedWidthInteger>(_ type: Integer.Type, at offset: Int) -> Integer {
        Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}
