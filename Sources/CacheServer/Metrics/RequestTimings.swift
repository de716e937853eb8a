import CacheEngine
import CacheProtocol
import CoreMetrics
import NIOCore

/// How long requests take, as far as a connection sees them.
struct RequestTimings: Sendable {
    /// The steps outside of the engine.
    enum Stage: String, CaseIterable, Sendable {
        /// From the bytes of a frame to the request.
        case decode
        /// From the engine's answer to the bytes of the reply, the way back to the event loop included.
        case reply
    }

    static let requestName = "semblance_request_seconds"
    static let requestLabel = "opcode"

    /// By the number of the opcode.
    private var requests: [Timer?]
    private let decode: Timer
    private let reply: Timer

    init(_ factory: any MetricsFactory) {
        requests = []
        for opcode in Opcode.requests {
            let index = Int(opcode.rawValue)
            while requests.count <= index { requests.append(nil) }
            requests[index] = Timer(
                label: Self.requestName, dimensions: [(Self.requestLabel, "\(opcode)")], factory: factory)
        }
        func stage(_ stage: Stage) -> Timer {
            Timer(
                label: EngineTimings.stageName, dimensions: [(EngineTimings.stageLabel, stage.rawValue)],
                factory: factory)
        }
        decode = stage(.decode)
        reply = stage(.reply)
    }

    func decoded(_ time: TimeAmount) { decode.recordNanoseconds(time.nanoseconds) }

    /// - Parameter times: when the engine answered is nil for what needs no engine.
    func replied(_ opcode: Opcode, _ times: RequestTimes, now: NIODeadline) {
        if let answeredAt = times.answeredAt { reply.recordNanoseconds((now - answeredAt).nanoseconds) }
        let index = Int(opcode.rawValue)
        guard requests.indices.contains(index) else { return }
        requests[index]?.recordNanoseconds((now - times.arrivedAt).nanoseconds)
    }
}

/// Moments in the life of one request.
package struct RequestTimes: Sendable {
    var arrivedAt: NIODeadline
    /// By the engine.
    var answeredAt: NIODeadline?

    func answered(at now: NIODeadline) -> RequestTimes { RequestTimes(arrivedAt: arrivedAt, answeredAt: now) }
}
