import CacheProtocol
import NIOCore
import Synchronization

/// One attempt at a request, from the task that waits for it to the connection that answers it.
final class Call: OutstandingRequest, Sendable {
    let number: UInt64
    let opcode: Opcode
    let frameBytes: Int
    let deadline: NIODeadline

    private struct Contents {
        var frame: ByteBuffer?
        var completion: (@Sendable (AttemptOutcome) -> Void)?
    }

    private let contents: Mutex<Contents>
    private let cancelled = Atomic(false)

    init(number: UInt64, opcode: Opcode, frame: ByteBuffer, deadline: NIODeadline) {
        self.number = number
        self.opcode = opcode
        frameBytes = frame.readableBytes
        self.deadline = deadline
        contents = Mutex(Contents(frame: frame))
    }

    var isCancelled: Bool { cancelled.load(ordering: .sequentiallyConsistent) }

    /// A connection that comes to send the call after this refuses to.
    func cancel() { cancelled.store(true, ordering: .sequentiallyConsistent) }

    /// To be called once, before the call is handed to the pool.
    func whenFinished(_ completion: @escaping @Sendable (AttemptOutcome) -> Void) {
        contents.withLock { $0.completion = completion }
    }

    /// Only the first outcome counts.
    func finish(_ outcome: AttemptOutcome) {
        let completion = contents.withLock { contents in
            contents.frame = nil
            return contents.completion.take()
        }
        completion?(outcome)
    }

    /// The frame with the identifier in its place; nil the second time. Given away rather than shared, as writing the
    /// identifier would copy a shared frame.
    func takeFrame(identifier: UInt64) -> ByteBuffer? {
        guard var frame = contents.withLock({ $0.frame.take() }) else { return nil }
        frame.setRequestIdentifier(identifier)
        return frame
    }
}

extension ByteBuffer {
    /// Where the identifier stands in the 20 bytes that begin a frame.
    private static var identifierOffset: Int { 12 }

    /// Replaces the identifier of the frame that is in the buffer. Frames are encoded by the task that calls, on its
    /// own thread; only the connection that sends one knows its number.
    mutating func setRequestIdentifier(_ identifier: UInt64) {
        setInteger(identifier, at: readerIndex + Self.identifierOffset, endianness: .little)
    }
}
