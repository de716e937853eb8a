/// What an upstream answered, as it has been seen so far.
package struct RecordedAnswer: Sendable {
    package enum Ending: Hashable, Sendable {
        /// More was to come.
        case open
        /// The API's own mark of the end was seen, and nothing went wrong.
        case complete
        /// The upstream said that it failed, with its `type` or `code` if it named one.
        case failed(String?)
        /// It cannot be read.
        case malformed
    }

    package struct ToolCall: Hashable, Sendable {
        package var identifier: String?
        package var name: String?
    }

    package let api: ModelAPI
    package internal(set) var ending = Ending.open
    /// As the upstream names them.
    package internal(set) var identifier: String?
    package internal(set) var model: String?
    package internal(set) var finishReason: String?
    /// Seconds since 1970; nil where the API does not say.
    package internal(set) var createdSeconds: Int64?
    package internal(set) var usage: TokenUsage?
    /// UTF-8.
    package internal(set) var text: [UInt8] = []
    /// Where in `text` each chunk of a stream ended, growing; none for an answer that came whole.
    package internal(set) var chunkEnds: [Int] = []
    /// What the model thought aloud before its answer, as JSON objects: blocks of a message, members of a chat's
    /// message.
    package internal(set) var preface: [[UInt8]] = []
    package internal(set) var toolCalls: [ToolCall] = []
    package internal(set) var choiceCount = 1
    package internal(set) var isRefusal = false
    /// Whether there is anything but text that an app could miss.
    package internal(set) var hasOtherContent = false
    /// Whether text was left out since there was too much.
    package internal(set) var isCut = false
    /// The whole answer as JSON, where the upstream sent it.
    package internal(set) var body: JSONDocument?

    init(api: ModelAPI) { self.api = api }

    mutating func append(_ delta: [UInt8]) {
        guard !delta.isEmpty, !isCut else { return }
        guard delta.count <= AnswerLimits.answerBytes - text.count else {
            isCut = true
            return
        }
        text += delta
        if chunkEnds.count == AnswerLimits.chunkCount { chunkEnds.removeLast() }
        chunkEnds.append(text.count)
    }

    /// Takes what was thought, which is kept only if nothing has been said yet: a replay has it in this order.
    mutating func append(preface object: [UInt8]) {
        guard text.isEmpty, preface.count < AnswerLimits.prefaceCount else {
            hasOtherContent = true
            return
        }
        preface.append(object)
    }

    mutating func append(_ call: ToolCall) {
        if toolCalls.count < AnswerLimits.toolCallCount { toolCalls.append(call) }
    }

    /// The first failure stays.
    mutating func fail(_ error: JSONView?) {
        guard ending == .open || ending == .complete else { return }
        ending = .failed((error?.present("type") ?? error?.present("code"))?.name)
    }

    /// Notes that something is there which is not text, unless it says nothing.
    mutating func noteOther(_ value: JSONView?) {
        if let value, !value.saysNothing { hasOtherContent = true }
    }
}

extension JSONView {
    /// Whether an app misses nothing without it: as members are that a provider always sends, whether used or not.
    var saysNothing: Bool { isEmpty || booleanValue == false }

    /// A short string, as names and identifiers are; nil for anything else.
    var name: String? {
        guard kind == .string, document.nodes[node].content.count <= AnswerLimits.nameBytes else { return nil }
        return stringValue
    }

    /// A time in seconds, which some upstreams write with a fraction.
    var seconds: Int64? {
        if let seconds = integerValue { return Int64(seconds) }
        return numberValue.flatMap { Int64(exactly: $0.rounded(.down)) }
    }
}
