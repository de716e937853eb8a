package import CacheProtocol
package import NIOCore

/// Replies of one connection on their way to the socket: encoded one behind the other, written as one.
package struct ReplyOutput {
    private var buffer = ByteBuffer()
    private let gauge: ByteGauge
    private let isEncrypted: Bool
    /// Bytes given to the channel, and of these the ones that its socket is known to have taken.
    private var givenBytes = 0
    private var takenBytes = 0
    /// `givenBytes` up to which an outstanding promise vouches for.
    private var markerBytes: Int?
    private var chargedBytes = 0

    /// A buffer longer than this is written without waiting for the end of the round, and its storage is not kept.
    static let longBytes = 256 << 10

    /// - Parameter isEncrypted: whether what the socket is given is something else than these buffers.
    package init(gauge: ByteGauge, isEncrypted: Bool = false) {
        self.gauge = gauge
        self.isEncrypted = isEncrypted
    }

    package var isLong: Bool { buffer.readableBytes >= Self.longBytes }
    /// Bytes that the channel has and the socket not yet, so far as that is known.
    package var bufferedBytes: Int { givenBytes - takenBytes }
    /// Whether a promise is to tell when the socket has taken what it has not taken yet. One at a time is enough.
    package var needsMarker: Bool { bufferedBytes > 0 && markerBytes == nil }

    /// - Returns: the bytes that were appended.
    @discardableResult
    package mutating func append(_ reply: Reply, identifier: UInt64) -> Int {
        let start = buffer.readableBytes
        buffer.writeReply(reply, identifier: identifier)
        return buffer.readableBytes - start
    }

    /// - Returns: the PINGs at the front of the bytes, whose replies were appended.
    package mutating func appendReplies(toPingsIn bytes: UnsafeRawBufferPointer) -> PingRun {
        let run = PingRun(in: bytes, limitBytes: max(0, Self.longBytes - buffer.readableBytes))
        buffer.writeReplies(to: run, from: bytes)
        return run
    }

    /// Takes what is to be written now; nil for nothing.
    package mutating func take() -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        var taken = ByteBuffer()
        swap(&taken, &buffer)
        givenBytes += taken.readableBytes
        return taken
    }

    /// Looks what became of a buffer after it was given to the channel, and keeps its storage if it is free again.
    ///
    /// A channel lets go of a buffer when its socket has taken the whole of it and of everything before it. So nobody
    /// else holding it is a sign that costs nothing, where a promise costs more than a microsecond. TLS lets go of it as
    /// soon as it is encrypted, so that there only a promise tells.
    package mutating func written(_ buffer: inout ByteBuffer) {
        if !isEncrypted, buffer.modifyIfUniquelyOwned({ _ in true }) ?? false { takenBytes = givenBytes }
        keepStorage(of: &buffer)
    }

    private mutating func keepStorage(of written: inout ByteBuffer) {
        charge()
        guard bufferedBytes == 0, written.capacity <= Self.longBytes, buffer.readableBytes == 0 else { return }
        swap(&buffer, &written)
        buffer.clear()
    }

    package mutating func markerPlaced() { markerBytes = givenBytes }

    package mutating func markerPassed() {
        takenBytes = max(takenBytes, markerBytes ?? takenBytes)
        markerBytes = nil
        charge()
    }

    /// - Parameter bytes: what the channel says that it has.
    /// - Returns: whether the socket has taken anything that was not known of.
    package mutating func measured(bufferedBytes bytes: Int) -> Bool {
        let taken = givenBytes - bytes
        guard taken > takenBytes else { return false }
        takenBytes = taken
        charge()
        return true
    }

    /// The channel is closed: it has let go of everything.
    package mutating func drop() {
        buffer = ByteBuffer()
        takenBytes = givenBytes
        charge()
    }

    private mutating func charge() {
        guard chargedBytes != bufferedBytes else { return }
        gauge.adjust(by: bufferedBytes - chargedBytes)
        chargedBytes = bufferedBytes
    }
}
