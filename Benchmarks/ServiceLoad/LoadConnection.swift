import BenchmarkHarness
import DequeModule
import Foundation

/// One of many connections of a load: it takes what is to be sent as far as the socket does, and never waits.
final class LoadConnection {
    let descriptor: Int32
    /// Numbers of requests that are due.
    var waiting: Deque<Int> = []
    /// The socket took no more bytes; until it can be written again.
    var isBlocked = false
    private(set) var isLost = false

    /// Frames on their way into the socket, and the requests that they are.
    private var output: [UInt8] = []
    private var outputStart = 0
    private var outputNumbers: ArraySlice<Int> = []
    private var frameBytes = 1

    private var input = [UInt8](repeating: 0, count: 1 << 18)
    private var inputCount = 0

    /// Frames that are put together for one call of the system.
    private static let frameLimit = 32

    init(port: Int) throws {
        descriptor = try LoopbackPort.connect(port)
        guard descriptor < DescriptorSet.limit else { throw Failure("too many files are open") }
        let hello = try ServiceFrame.hello()
        guard hello.withUnsafeBytes({ Foundation.send(descriptor, $0.baseAddress, $0.count, 0) }) == hello.count else {
            throw Failure("HELLO cannot be sent")
        }
        while try inputCount < ServiceFrame.headerBytes || inputCount < helloBytes() {
            let count = receiveBytes(0)
            guard count > 0 else { throw Failure("the service takes no more connections") }
        }
        inputCount = 0
    }

    deinit { _ = close(descriptor) }

    private func helloBytes() throws -> Int {
        try input.withUnsafeBytes { bytes in
            guard let header = try ServiceReply.Header(bytes), !header.isError else {
                throw Failure("the service refuses HELLO")
            }
            return ServiceFrame.headerBytes + header.bodyBytes
        }
    }

    /// Requests whose sending had not begun when their time was over; they are forgotten.
    func giveUp() -> Int {
        defer { waiting = [] }
        return waiting.count
    }

    /// - Returns: the requests that are wholly sent now and were not before.
    func send(_ frames: [[UInt8]]) -> [Int] {
        var done: [Int] = []
        while !isBlocked {
            if outputStart == output.count { fill(frames) }
            guard outputStart < output.count else { break }
            let count = output.withUnsafeBytes {
                Foundation.send(
                    descriptor, $0.baseAddress?.advanced(by: outputStart), $0.count - outputStart, Int32(MSG_DONTWAIT))
            }
            guard count > 0 else {
                if errno == EAGAIN || errno == EWOULDBLOCK { isBlocked = true } else { isLost = true }
                break
            }
            let before = outputStart / frameBytes
            outputStart += count
            done += outputNumbers.prefix(outputStart / frameBytes - before)
            outputNumbers = outputNumbers.dropFirst(outputStart / frameBytes - before)
        }
        return done
    }

    private func fill(_ frames: [[UInt8]]) {
        output.removeAll(keepingCapacity: true)
        outputStart = 0
        let count = min(Self.frameLimit, waiting.count)
        outputNumbers = ArraySlice(waiting.prefix(count))
        waiting.removeFirst(count)
        for number in outputNumbers {
            let frame = frames[number % frames.count]
            frameBytes = frame.count
            output += frame
            ServiceFrame.setIdentifier(UInt64(number) + 1, of: &output, at: output.count - frame.count)
        }
    }

    /// Whole replies among what has come, with their identifiers.
    ///
    /// - Throws: when it is no reply of the service.
    func receive() throws -> [(UInt64, ServiceReply)] {
        let count = receiveBytes(Int32(MSG_DONTWAIT))
        guard count > 0 else {
            if count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) { isLost = true }
            return []
        }
        var replies: [(UInt64, ServiceReply)] = []
        var start = 0
        try input.withUnsafeBytes { bytes in
            while start < inputCount {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<inputCount])
                guard let header = try ServiceReply.Header(rest) else { break }
                let end = ServiceFrame.headerBytes + header.bodyBytes
                guard end <= rest.count else {
                    guard end <= bytes.count else { throw Failure("a reply is longer than expected") }
                    break
                }
                let body = UnsafeRawBufferPointer(rebasing: rest[ServiceFrame.headerBytes..<end])
                replies.append((header.identifier, try ServiceReply(header, body: body)))
                start += end
            }
        }
        if start > 0 {
            input.withUnsafeMutableBytes {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<inputCount]))
            }
            inputCount -= start
        }
        return replies
    }

    private func receiveBytes(_ flags: Int32) -> Int {
        let count = input.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress?.advanced(by: inputCount), $0.count - inputCount, flags)
        }
        if count > 0 { inputCount += count }
        return count
    }
}
