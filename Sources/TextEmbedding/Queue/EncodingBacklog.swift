/// The texts that wait for the encoder, in the order of their arrival: a state machine without threads or time.
///
/// Invariant: no more texts and tokens wait than the limits allow; after `close` nothing waits and nothing is added.
struct EncodingBacklog<Reply> {
    struct Request {
        var number: UInt64
        var text: TokenSequence
        var reply: Reply
    }

    enum Refusal: Error {
        case overloaded
        case closed
    }

    struct Limits {
        var texts = EncoderLimits.waitingTexts
        var tokens = EncoderLimits.waitingTokens
        var batchTokens = EncoderLimits.batchTokens
    }

    private let limits: Limits
    private var waiting: [Request] = []
    private(set) var waitingTokens = 0
    private(set) var isClosed = false

    var waitingTexts: Int { waiting.count }

    init(limits: Limits) { self.limits = limits }

    /// A text is taken in when nothing else waits, however long it is.
    mutating func add(_ request: Request) -> Refusal? {
        guard !isClosed else { return .closed }
        let tokens = waitingTokens + request.text.identifiers.count
        guard waiting.isEmpty || (waiting.count < limits.texts && tokens <= limits.tokens) else { return .overloaded }
        waiting.append(request)
        waitingTokens = tokens
        return nil
    }

    /// Takes a request back.
    /// - Returns: nil if it does not wait any more.
    mutating func remove(number: UInt64) -> Request? {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return nil }
        let request = waiting.remove(at: index)
        waitingTokens -= request.text.identifiers.count
        return request
    }

    /// Whatever waits, from the front, up to the tokens of a batch: nobody waits for others to come.
    mutating func takeBatch() -> [Request] {
        var tokens = 0
        let count =
            waiting.firstIndex { request in
                tokens += request.text.identifiers.count
                return tokens > limits.batchTokens
            } ?? waiting.count
        let batch = Array(waiting.prefix(max(count, min(1, waiting.count))))
        waiting.removeFirst(batch.count)
        waitingTokens -= batch.reduce(0) { $0 + $1.text.identifiers.count }
        return batch
    }

    /// - Returns: what waited, to be refused.
    mutating func close() -> [Request] {
        isClosed = true
        defer {
            waiting = []
            waitingTokens = 0
        }
        return waiting
    }
}
