import Testing

@testable import TextEmbedding

@Suite struct EncodingQueueTests {
    private let encoder: SentenceEncoder

    init() throws { encoder = try TinyModel().encoder() }

    /// Nothing is encoded by it, so that what waits can be looked at.
    private func idleQueue(waitingTexts: Int = 4) -> EncodingQueue {
        EncodingQueue(encoder: encoder, threadCount: 0, waitingTexts: waitingTexts, waitingTokens: 1_000)
    }

    private func waitUntil(_ queue: EncodingQueue, hasTexts count: Int) async {
        while queue.waitingTexts < count { await Task.yield() }
    }

    @Test(arguments: [1, 3])
    func concurrentTextsGetTheirOwnEmbeddings(_ threadCount: Int) async throws {
        let queue = EncodingQueue(encoder: encoder, threadCount: threadCount)
        let texts = (0..<200).map { "run" + String(repeating: " cache", count: $0 % 17) + (["!", "?", ""][$0 % 3]) }
        let expected = try texts.map { try encoder.encode([$0], scratch: EncoderScratch())[0] }
        let encodings = try await withThrowingTaskGroup(of: (Int, TextEncoding).self) { group in
            for (index, text) in texts.enumerated() { group.addTask { (index, try await queue.encode(text)) } }
            return try await group.reduce(into: [Int: TextEncoding]()) { $0[$1.0] = $1.1 }
        }
        for (index, encoding) in expected.enumerated() { #expect(encodings[index] == encoding) }
        let counters = queue.counters
        #expect(counters.texts == 200)
        #expect(counters.tokens == expected.reduce(0) { $0 + $1.tokenCount })
        #expect(counters.batches <= 200)
    }

    @Test func beyondItsLimitItAnswersOverloaded() async throws {
        let queue = idleQueue(waitingTexts: 2)
        let waiting = (0..<2).map { _ in Task { try await queue.encode("run") } }
        await waitUntil(queue, hasTexts: 2)
        await #expect { try await queue.encode("run") } throws: { ($0 as? EmbeddingError)?.code == .overloaded }
        #expect(queue.counters.refused == 1)
        queue.close()
        for task in waiting {
            await #expect { try await task.value } throws: { ($0 as? EmbeddingError)?.code == .closed }
        }
        await #expect { try await queue.encode("run") } throws: { ($0 as? EmbeddingError)?.code == .closed }
    }

    @Test func aCancelledTextLeavesTheQueue() async throws {
        let queue = idleQueue()
        let task = Task { try await queue.encode("run") }
        await waitUntil(queue, hasTexts: 1)
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? EmbeddingError)?.code == .cancelled }
        #expect(queue.waitingTexts == 0)
        #expect(queue.counters.cancelled == 1)
    }

    @Test func aTaskCancelledBeforeItAsksNeverWaits() async throws {
        let queue = idleQueue()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await queue.encode("run")
        }
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? EmbeddingError)?.code == .cancelled }
        #expect(queue.waitingTexts == 0)
    }

    @Test func tokensOfAnotherModelDoNotReachTheBatchOfOthers() async throws {
        let queue = EncodingQueue(encoder: encoder)
        await #expect { try await queue.encode(TokenSequence(identifiers: [9_999])) } throws: {
            ($0 as? EmbeddingError)?.code == .invalidTokens
        }
        #expect(queue.counters.batches == 0)
    }
}
