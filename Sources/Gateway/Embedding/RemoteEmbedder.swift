import AsyncHTTPClient
import CacheModel
import GatewayCore
import NIOCore
import NIOHTTP1

/// Asks a server with OpenAI's `/v1/embeddings`. While it fails it is left alone.
package struct RemoteEmbedder: PromptEmbedder {
    private let settings: GatewayConfiguration.RemoteEncoder
    private let client: HTTPClient
    private let breaker: SharedBreaker

    init(_ settings: GatewayConfiguration.RemoteEncoder, client: HTTPClient, breaker: CircuitBreaker.Settings) {
        self.settings = settings
        self.client = client
        self.breaker = SharedBreaker(breaker)
    }

    package var model: String { String(settings.model.prefix(Limits.modelBytes)) }

    package func embed(_ texts: [String]) async throws -> [[Float]] {
        guard !texts.isEmpty else { return [] }
        switch breaker.permission() {
        case .refused: throw Self.unavailable("has failed and is left alone for a while")
        case .allowed(let ticket):
            do {
                let vectors = try await request(texts)
                breaker.report(ticket, succeeded: true)
                return vectors
            } catch {
                if error is CancellationError || Task.isCancelled {
                    breaker.abandon(ticket)
                    throw CancellationError()
                }
                breaker.report(ticket, succeeded: false)
                throw error as? GatewayError ?? Self.unavailable("cannot be reached in time")
            }
        }
    }

    private func request(_ texts: [String]) async throws -> [[Float]] {
        var request = HTTPClientRequest(url: settings.address)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let key = settings.key { request.headers.add(name: "authorization", value: "Bearer \(key.value)") }
        let body = JSONWriter.object { json in
            json.member("model", settings.model)
            json.member("encoding_format", "float")
            json.arrayMember("input") { input in
                for text in texts { input.string(text) }
            }
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        let prepared = request
        let bytes = try await withDeadline(
            .now + .milliseconds(settings.timeoutMilliseconds), or: Self.unavailable("takes too long")
        ) {
            let response = try await client.execute(prepared, deadline: .distantFuture)
            guard response.status == .ok else {
                throw Self.unavailable("answers with status \(response.status.code)")
            }
            return Array(buffer: try await response.body.collect(upTo: AnswerLimits.eventBytes))
        }
        guard let vectors = Self.vectors(in: bytes, count: texts.count) else {
            throw Self.unavailable("answers with something that is no list of embeddings")
        }
        return vectors
    }

    /// - Returns: nil unless there is one vector for each text, all of one length that the cache takes.
    static func vectors(in body: [UInt8], count: Int) -> [[Float]]? {
        guard let root = try? JSONDocument(body, limits: .answer).root, let data = root["data"], data.kind == .array
        else { return nil }
        var vectors = [[Float]?](repeating: nil, count: count)
        for (position, item) in data.elements.enumerated() {
            let index = item["index"]?.integerValue ?? position
            guard vectors.indices.contains(index), vectors[index] == nil, let list = item["embedding"],
                list.kind == .array
            else { return nil }
            var vector: [Float] = []
            for component in list.elements {
                guard let number = component.numberValue, vector.count < Limits.dimensionRange.upperBound else {
                    return nil
                }
                vector.append(Float(number))
            }
            vectors[index] = vector
        }
        let whole = vectors.compactMap(\.self)
        guard whole.count == count, let dimension = whole.first?.count, Limits.dimensionRange.contains(dimension),
            whole.allSatisfy({ $0.count == dimension && $0.allSatisfy(\.isFinite) })
        else { return nil }
        return whole
    }

    private static func unavailable(_ reason: String) -> GatewayError {
        GatewayError(.embedderUnavailable, "The encoder \(reason).")
    }
}
