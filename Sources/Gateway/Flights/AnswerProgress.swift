import GatewayCore
import NIOCore
import Synchronization

/// An answer as it passes by: what of it goes on, and what is written down.
///
/// One task records; another may ask what there is when the first was cut off.
final class AnswerProgress: Sendable {
    private struct State {
        var recorder: AnswerRecorder
        var parser = ServerSentEventParser()
        var status = 0
        var isEventStream = false
        var body: [UInt8] = []
        /// Whether there is more than is read.
        var isTooLarge = false
    }

    private let api: ModelAPI
    private let withholdsUsage: Bool
    private let state: Mutex<State>

    init(_ api: ModelAPI, withholdsUsage: Bool) {
        self.api = api
        self.withholdsUsage = withholdsUsage
        state = Mutex(State(recorder: AnswerRecorder(api, withholdsUsage: withholdsUsage)))
    }

    func begin(status: Int, isEventStream: Bool) {
        state.withLock { state in
            state.status = status
            state.isEventStream = isEventStream && status == 200
        }
    }

    var isEventStream: Bool { state.withLock(\.isEventStream) }

    /// Whether the mark of the end has been seen in a stream.
    var isComplete: Bool { state.withLock { $0.isEventStream && $0.recorder.answer.ending == .complete } }

    /// Whether the bytes so far end in the middle of an event.
    var isInsideEvent: Bool { state.withLock { $0.isEventStream && !$0.parser.remainder.isEmpty && !withholdsUsage } }

    /// - Returns: what goes on now: the bytes as they came, unless some of them are not for the client.
    func record(_ buffer: ByteBuffer) -> [ByteBuffer] {
        state.withLock { state in
            let bytes = buffer.readableBytesView
            guard !state.isTooLarge else { return [buffer] }
            guard state.isEventStream else {
                if bytes.count > AnswerLimits.eventBytes - state.body.count {
                    state.isTooLarge = true
                    state.body = []
                } else {
                    state.body += bytes
                }
                return [buffer]
            }
            let held = withholdsUsage ? state.parser.remainder : []
            do {
                var forwarded: [UInt8] = []
                for event in try state.parser.append(bytes) where state.recorder.record(event) == .forward {
                    if withholdsUsage { forwarded += event.raw }
                }
                return withholdsUsage ? [ByteBuffer(bytes: forwarded)] : [buffer]
            } catch {
                state.isTooLarge = true
                return held.isEmpty ? [buffer] : [ByteBuffer(bytes: held), buffer]
            }
        }
    }

    /// What was held back and never became a whole event.
    func remainder() -> [ByteBuffer] {
        state.withLock { state in
            guard withholdsUsage, state.isEventStream, !state.isTooLarge else { return [] }
            return [ByteBuffer(bytes: state.parser.remainder)]
        }
    }

    /// The answer, when the upstream has ended it.
    func finish() -> RecordedAnswer {
        state.withLock { state in
            // What is too large to be read is no whole answer.
            if state.isTooLarge { return AnswerRecorder(api).answer }
            guard state.isEventStream else { return RecordedAnswer(api, status: state.status, body: state.body) }
            return state.recorder.answer
        }
    }
}
