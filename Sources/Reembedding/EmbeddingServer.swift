internal import AsyncHTTPClient
internal import CacheModel
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

/// A server with OpenAI's `/v1/embeddings`, asked again a few times when it is busy or cannot be reached.
package struct EmbeddingServer: PromptEmbedding {
    package struct Settings: Sendable {
        /// The whole address, `…/v1/embeddings`.
        package var address: String
        package var model: String
        /// Sent as a bearer token; nil for none.
        package var key: String?
        package var timeoutMilliseconds: Int64 = 60_000
        /// Times that a request is sent at most.
        package var attemptLimit = 6

        package init(address: String, model: String, key: String? = nil) {
            self.address = Self.whole(address)
            self.model = model
            self.key = key
        }

        /// What people write for the address of a server: `http://host:8080`, `…/v1` or all of it.
        static func whole(_ address: String) -> String {
            var address = address[...]
            while address.hasSuffix("/") { address.removeLast() }
            if address.hasSuffix("/embeddings") { return String(address) }
            return address + (address.hasSuffix("/v1") ? "/embeddings" : "/v1/embeddings")
        }
    }

    private let settings: Settings
    private let client: HTTPClient
    private let pause: @Sendable (_ milliseconds: Int) async throws -> Void

    /// The longest answer: 256 vectors of 4,096 components, written out.
    private static let answerBytes = 64 << 20

    /// Calls `body` with a server whose connections end with it.
    ///
    /// - Parameter pause: waits before another attempt.
    package static func withServer<Value: Sendable>(
        _ settings: Settings,
        pause: @escaping @Sendable (_ milliseconds: Int) async throws -> Void = {
            try await Task.sleep(for: .milliseconds($0))
        },
        isolation: isolated (any Actor)? = #isolation, _ body: (EmbeddingServer) async throws -> Value
    ) async throws -> Value {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let server = EmbeddingServer(settings: settings, client: client, pause: pause)
        do {
            let value = try await body(server)
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private init(
        settings: Settings, client: HTTPClient, pause: @escaping @Sendable (_ milliseconds: Int) async throws -> Void
    ) {
        self.settings = settings
        self.client = client
        self.pause = pause
    }

    package func embed(_ texts: [String]) async throws -> EmbeddedPrompts {
        guard !texts.isEmpty else { return EmbeddedPrompts(vectors: []) }
        var waitMilliseconds = 500
        for attempt in 1... {
            let failure: CacheError
            switch await ask(texts) {
            case .embedded(let prompts): return prompts
            case .refused(let error): throw error
            case .busy(let error, let retryAfterMilliseconds):
                failure = error
                waitMilliseconds = max(waitMilliseconds, retryAfterMilliseconds ?? 0)
            }
            try Task.checkCancellation()
            guard attempt < settings.attemptLimit else { throw failure }
            try await pause(min(waitMilliseconds, 60_000))
            waitMilliseconds = min(waitMilliseconds, 30_000) * 2
        }
        throw error("does not answer")
    }

    private enum Outcome {
        case embedded(EmbeddedPrompts)
        /// Another attempt would end the same.
        case refused(CacheError)
        case busy(CacheError, retryAfterMilliseconds: Int?)
    }

    private struct Question: Encodable {
        var model: String
        var input: [String]
        // The spelling that every server knows; base64 would be shorter.
        var encoding_format = "float"
    }

    private func ask(_ texts: [String]) async -> Outcome {
        do {
            var request = HTTPClientRequest(url: settings.address)
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            if let key = settings.key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
            let body = try JSONEncoder().encode(Question(model: settings.model, input: texts))
            request.body = .bytes(ByteBuffer(bytes: body))
            let response = try await client.execute(request, timeout: .milliseconds(settings.timeoutMilliseconds))
            let bytes = try await response.body.collect(upTo: Self.answerBytes)
            guard response.status == .ok else {
                let said = String(buffer: bytes).prefix(200)
                let error = error("answers with status \(response.status.code): \(said)")
                guard response.status == .tooManyRequests || response.status.code >= 500 else { return .refused(error) }
                let seconds = response.headers.first(name: "retry-after").flatMap { Int($0) }
                return .busy(error, retryAfterMilliseconds: seconds.map { min(max($0, 0), 60) * 1_000 })
            }
            guard let prompts = EmbeddingAnswer.prompts(in: Data(bytes.readableBytesView), count: texts.count) else {
                return .refused(error("answers with something that is no list of \(texts.count) embeddings"))
            }
            return .embedded(prompts)
        } catch {
            return .busy(self.error("cannot be reached: \(error)"), retryAfterMilliseconds: nil)
        }
    }

    private func error(_ reason: String) -> CacheError {
        CacheError(
            .connectionFailed, "the embedder at \(settings.address) \(reason)", detail: ["embedder": settings.address])
    }
}

/// The reply of `/v1/embeddings`.
enum EmbeddingAnswer {
    private struct Document: Decodable {
        struct Item: Decodable {
            var index: Int?
            var embedding: [Float]
        }
        struct Usage: Decodable { var total_tokens: Int? }
        var data: [Item]
        var usage: Usage?
    }

    /// - Returns: nil unless there is one vector for each text, all of one length that the cache takes.
    static func prompts(in bytes: Data, count: Int) -> EmbeddedPrompts? {
        guard let document = try? JSONDecoder().decode(Document.self, from: bytes), document.data.count == count else {
            return nil
        }
        var vectors = [[Float]?](repeating: nil, count: count)
        for (position, item) in document.data.enumerated() {
            let index = item.index ?? position
            guard vectors.indices.contains(index), vectors[index] == nil else { return nil }
            vectors[index] = item.embedding
        }
        let whole = vectors.compactMap(\.self)
        guard whole.count == count, let dimension = whole.first?.count, Limits.dimensionRange.contains(dimension),
            whole.allSatisfy({ $0.count == dimension && $0.allSatisfy(\.isFinite) })
        else { return nil }
        return EmbeddedPrompts(vectors: whole, tokenCount: max(0, document.usage?.total_tokens ?? 0))
    }
}
