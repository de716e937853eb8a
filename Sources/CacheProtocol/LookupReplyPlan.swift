import CacheModel
import NIOCore

/// What of a batch of lookup replies fits in one frame.
///
/// 256 best hits of 16 MiB each do not. First payloads are left out, later items first; a client gets them one by one
/// with GET. Only when that is not enough, because of very many hits with very long prompts, are items refused with
/// `.limitExceeded`, so that no item ever shows fewer hits than it has.
struct LookupReplyPlan {
    enum Part: Hashable {
        case whole
        case withoutPayload
        case refused
    }

    private let replies: [LookupReply]
    /// Nil when everything is whole, as nearly always.
    private var parts: [Part]?
    private(set) var wireBytes: Int

    init(_ replies: [LookupReply], bodyLimitBytes: Int) {
        self.replies = replies
        wireBytes = 2
        for reply in replies { wireBytes += reply.wireBytes(withPayloads: true) }
        guard wireBytes > bodyLimitBytes else { return }

        // Every item gets at least the room of its refusal, or of itself where it is smaller.
        let bare = replies.map { $0.wireBytes(withPayloads: false) }
        let least = zip(replies, bare).map { min($0.0.refused().wireBytes(withPayloads: false), $0.1) }
        var room = bodyLimitBytes - 2 - least.reduce(0, +)
        var parts = [Part](repeating: .whole, count: replies.count)
        for index in replies.indices {
            let more = bare[index] - least[index]
            parts[index] = more <= room ? .withoutPayload : .refused
            if parts[index] == .withoutPayload { room -= more }
        }
        for index in replies.indices where parts[index] == .withoutPayload {
            let payloadBytes = replies[index].wireBytes(withPayloads: true) - bare[index]
            guard payloadBytes <= room else { continue }
            parts[index] = .whole
            room -= payloadBytes
        }
        self.parts = parts
        wireBytes =
            2
            + zip(replies, parts).totalBytes { reply, part in
                switch part {
                case .whole: reply.wireBytes(withPayloads: true)
                case .withoutPayload: reply.wireBytes(withPayloads: false)
                case .refused: reply.refused().wireBytes(withPayloads: false)
                }
            }
    }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(count: replies.count, of: "batch")
        guard let parts else {
            for reply in replies { try reply.write(to: &bytes, withPayloads: true) }
            return
        }
        for (reply, part) in zip(replies, parts) {
            switch part {
            case .whole: try reply.write(to: &bytes, withPayloads: true)
            case .withoutPayload: try reply.write(to: &bytes, withPayloads: false)
            case .refused: try reply.refused().write(to: &bytes, withPayloads: false)
            }
        }
    }
}

extension LookupReply {
    fileprivate func refused() -> LookupReply {
        var reply = self
        reply.outcome = .refused(
            CacheError(.limitExceeded, "the reply does not fit in a frame: ask for fewer lookups or neighbors at once"))
        return reply
    }
}
