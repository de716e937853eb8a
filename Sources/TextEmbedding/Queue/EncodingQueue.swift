/// Encodes texts that come one by one, on threads of its own. Whatever waits when a thread is free is one batch.
///
/// Bounded: beyond its limits it refuses with `overloaded`. Closes itself when nobody has it any more.
package final class EncodingQueue: Sendable {
    /// What it has done so far.
    package struct Counters: Hashable, Sendable {
        package var texts = 0
        package var tokens = 0
        package var batches = 0
        package var refused = 0
        package var cancelled = 0
    }

    private typealias Outcome = Result<TextEncoding, EmbeddingError>
    private typealias Backlog = EncodingBacklog<CheckedContinuation<Outcome, Never>>

    private struct State {
        var backlog: Backlog
        var nextNumber: UInt64 = 0
        var counters = Counters()
    }

    package let encoder: SentenceEncoder
    private let monitor: Monitor<State>

    package var counters: Counters { monitor.withLock { $0.counters } }
    package var waitingTexts: Int { monitor.withLock { $0.backlog.waitingTexts } }

    package convenience init(encoder: SentenceEncoder, threadCount: Int = 1) {
        self.init(
            encoder: encoder, threadCount: threadCount, waitingTexts: EncoderLimits.waitingTexts,
            waitingTokens: EncoderLimits.waitingTokens)
    }

    /// - Parameters:
    ///   - threadCount: each encodes a batch of its own; one is enough where others need the processors.
    ///   - waitingTexts: how many texts may wait, besides those that are being encoded.
    ///   - waitingTokens: how many tokens these may have together.
    package init(encoder: SentenceEncoder, threadCount: Int, waitingTexts: Int, waitingTokens: Int) {
        self.encoder = encoder
        let monitor = Monitor(
            State(backlog: Backlog(limits: Backlog.Limits(texts: waitingTexts, tokens: waitingTokens))))
        self.monitor = monitor
        for _ in 0..<max(0, threadCount) { EncoderThread.start { Self.run(monitor, encoder) } }
    }

    deinit { close() }

    /// - Throws: `overloaded`, `cancelled` when the task is, `closed`, `not-finite`.
    package func encode(_ text: String) async throws(EmbeddingError) -> TextEncoding {
        try await encode(encoder.tokenizer.tokens(of: text))
    }

    /// - Throws: as `encode(_: String)`, and `invalid-tokens` for tokens of another model.
    package func encode(_ text: TokenSequence) async throws(EmbeddingError) -> TextEncoding {
        // Checked here, so that the tokens of one never fail the batch of others.
        try encoder.check(text)
        let number = monitor.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { add(text, number, $0) }
        } onCancel: {
            cancel(number)
        }
        return try outcome.get()
    }

    /// Refuses what waits and what comes. What is being encoded is finished; the threads end then.
    package func close() {
        let waiting = monitor.withLock { $0.backlog.close() }
        for request in waiting { request.reply.resume(returning: .failure(Self.closed)) }
    }

    private func add(_ text: TokenSequence, _ number: UInt64, _ reply: CheckedContinuation<Outcome, Never>) {
        let failure: EmbeddingError? = monitor.withLock { state in
            // Cancelled before the request was there to be found, or it will be found.
            guard !Task.isCancelled else {
                state.counters.cancelled += 1
                return Self.cancelled
            }
            switch state.backlog.add(Backlog.Request(number: number, text: text, reply: reply)) {
            case nil: return nil
            case .closed: return Self.closed
            case .overloaded:
                state.counters.refused += 1
                return EmbeddingError(
                    .overloaded, "\(state.backlog.waitingTexts) texts wait for the encoder already; try again later.")
            }
        }
        if let failure { reply.resume(returning: .failure(failure)) }
    }

    private func cancel(_ number: UInt64) {
        let request = monitor.withLock { state in
            let request = state.backlog.remove(number: number)
            if request != nil { state.counters.cancelled += 1 }
            return request
        }
        request?.reply.resume(returning: .failure(Self.cancelled))
    }

    private static let cancelled = EmbeddingError(.cancelled, "The task that asked for an embedding was cancelled.")
    private static let closed = EmbeddingError(.closed, "The encoder is shutting down.")

    // MARK: The threads

    private static func run(_ monitor: Monitor<State>, _ encoder: SentenceEncoder) {
        let scratch = EncoderScratch()
        while let batch = nextBatch(monitor) {
            let texts = batch.map(\.text)
            let embeddings: Result<[[Float]], EmbeddingError> = Result { () throws(EmbeddingError) in
                try encoder.encode(texts, scratch: scratch)
            }
            for (index, request) in batch.enumerated() {
                request.reply.resume(
                    returning: embeddings.flatMap { embeddings in
                        Result { () throws(EmbeddingError) in
                            try SentenceEncoder.encoding(of: texts[index], embedding: embeddings[index])
                        }
                    })
            }
        }
    }

    /// - Returns: nil when the queue is closed.
    private static func nextBatch(_ monitor: Monitor<State>) -> [Backlog.Request]? {
        monitor.wait { state -> [Backlog.Request]?? in
            if state.backlog.isClosed { return .some(nil) }
            let batch = state.backlog.takeBatch()
            guard !batch.isEmpty else { return .none }
            state.counters.batches += 1
            state.counters.texts += batch.count
            state.counters.tokens += batch.reduce(0) { $0 + $1.text.identifiers.count }
            return .some(batch)
        }
    }
}
