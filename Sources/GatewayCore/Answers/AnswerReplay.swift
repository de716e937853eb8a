/// A stored answer, as the API that it came from would answer now: whole, or as a stream.
///
/// It says of all input tokens that they were cached, in the way of each API: nothing was paid for them this time.
package struct AnswerReplay: Sendable {
    let answer: StoredAnswer
    let identifier: String
    private let request: ModelRequest?

    /// - Parameters:
    ///   - identifier: a new one, as clients expect every answer to have its own; nil to keep the upstream's, which is
    ///     right where the provider knows the answer by it (`ModelRequest.isRetainedUpstream`).
    ///   - request: what is answered now. Some answers repeat who asked, and their notes: it is then this request's.
    package init(_ answer: StoredAnswer, identifier: String?, to request: ModelRequest? = nil) {
        self.answer = answer
        self.request = request
        self.identifier = identifier ?? answer.identifier
    }

    package static let bodyContentType = "application/json"
    package static let streamContentType = "text/event-stream; charset=utf-8"

    /// The answer as JSON: the upstream's own, where it is known, with another identifier and usage.
    package func body() -> [UInt8] {
        switch answer.api {
        case .chatCompletions: chatBody()
        case .messages: messageBody()
        case .responses: responseBody().bytes
        // Vectors have no identifier, and their tokens were needed as they are.
        case .embeddings: answer.body?.bytes ?? []
        }
    }

    /// The answer as server-sent events; none for an API that has no streams.
    ///
    /// - Parameter includesUsage: whether the client has asked for the usage where one has to.
    package func events(_ chunking: ReplayChunking = .original, includesUsage: Bool) -> ReplayEvents {
        let ranges = chunking.ranges(of: answer)
        return switch answer.api {
        case .chatCompletions: chatEvents(ranges, includesUsage: includesUsage)
        case .messages: messageEvents(ranges)
        case .responses: responseEvents(ranges)
        case .embeddings: ReplayEvents()
        }
    }

    /// One event of a stream.
    ///
    /// - Parameter name: nil for none, as in OpenAI's chat completions.
    static func event(_ name: String?, _ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        if let name { bytes += "event: \(name)\n".utf8 }
        bytes += "data: ".utf8
        bytes += data
        bytes += "\n\n".utf8
        return bytes
    }

    /// The upstream's JSON with another identifier and what it repeats of the request, still to be given its usage.
    func edits(of body: JSONDocument) -> JSONEdits {
        var edits = JSONEdits(body)
        var name = JSONWriter()
        name.string(identifier)
        if let old = body.root["id"] { edits.replace(old, with: name.bytes) }
        if let request { EchoedMembers.replace(in: body, by: request, &edits) }
        return edits
    }

    /// Writes into a usage that all input was cached and nothing was put into a cache: in the member `details`.
    func markCached(_ usage: JSONView?, details: String, in edits: inout JSONEdits) {
        guard let usage, usage.kind == .object else { return }
        let count = Array(String(answer.usage?.inputTokens ?? 0).utf8)
        if let object = usage.present(details), object.kind == .object {
            edits.setMember("cached_tokens", of: object, to: count)
            if let written = object["cache_write_tokens"] { edits.replace(written, with: Array("0".utf8)) }
            edits.removeMember("cache_write_tokens_details", of: object)
        } else {
            let object = JSONWriter.object {
                $0.member("cached_tokens", raw: count)
                $0.member("cache_write_tokens", 0)
            }
            edits.setMember(details, of: usage, to: object)
        }
    }
}

/// The events of a replay, each made when it is asked for.
package struct ReplayEvents: Sequence, IteratorProtocol, Sendable {
    var opening: [[UInt8]] = []
    var closing: [[UInt8]] = []
    var text: [UInt8] = []
    var chunks: [Range<Int>] = []
    /// What stands before and after the text of a chunk, as a JSON string, in its event.
    var prefix: [UInt8] = []
    var suffix: [UInt8] = []
    /// The number that stands between text and suffix in the first chunk's event; it grows by 1.
    var firstNumber: Int?
    private var position = 0

    init() {}

    package mutating func next() -> [UInt8]? {
        let index = position
        position += 1
        if index < opening.count { return opening[index] }
        let chunk = index - opening.count
        if chunk < chunks.count { return event(chunk) }
        let end = chunk - chunks.count
        return end < closing.count ? closing[end] : nil
    }

    private func event(_ chunk: Int) -> [UInt8] {
        var event = prefix
        text[chunks[chunk]].withUnsafeBufferPointer { JSONString.append($0, to: &event) }
        if let firstNumber { event += ",\"sequence_number\":\(firstNumber + chunk)".utf8 }
        event += suffix
        return event
    }
}
