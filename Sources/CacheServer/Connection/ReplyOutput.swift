package import CacheProtocol
package import NIOCore

/// Replies of one connection on their way to the socket: encoded one behind the other, written as one.
package struct ReplyOutput {
    private var buffer = ByteBuffer()
    private let gauge: ByteGauge
    /// Bytes given to the channel, and of these the ones that its socket is known to have taken.
    private var givenBytes = 0
    private var takenBytes = 0
    /// `givenBytes` up to which an outstanding promise vouches for.
    private var markerBytes: Int?
    private var chargedBytes = 0

    /// A buffer longer than this is written without waiting for the end of the round, and its storage is not kept.
    static let longBytes = 256 << 10

    package init(gauge: ByteGauge) { self.gauge = gauge }

    package var isLong: Bool { buffer.readableBytes >= Self.longBytes }
    /// Bytes that the channel has and the socket not yet, so far as that is known.
    package var bufferedBytes: Int { givenBytes - takenBytes }
    /// One promise at a time is enough.
    package var needsMarker: Bool { markerBytes == nil }

    /// - Returns: the bytes that were appended.
    @discardableResult
    package mutating func append(_ reply: Reply, identifier: UInt64) -> Int {
        let start = buffer.readableBytes
        buffer.writeReply(reply, identifier: identifier)
        return buffer.readableBytes - start
    }

    /// Takes what is to be written now; nil for nothing.
    package mutating func take() -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        var taken = ByteBuffer()
        swap(&taken, &buffer)
        givenBytes += taken.readableBytes
        return taken
    }

    /// Keeps the storage of what was written, if the channel has let go of it.
    package mutating func reuse(_ written: inout ByteBuffer) {
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
