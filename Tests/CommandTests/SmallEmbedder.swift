import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server with `/v1/embeddings` in this process: the vector of a text follows from its bytes.
final class SmallEmbedder: Sendable {
    static let dimension = 5

    struct State {
        /// Texts of every request that was answered with vectors.
        var requests: [[String]] = []
        /// Statuses that the next requests are answered with.
        var failures: [Int] = []
        var authorization: String?
    }

    let state = Mutex(State())
    /// Called before each answer.
    private let onRequest: @Sendable ([String]) async -> Void

    init(onRequest: @escaping @Sendable ([String]) async -> Void = { _ in }) { self.onRequest = onRequest }

    var texts: [String] { state.withLock { $0.requests.flatMap(\.self) } }

    static func vector(_ text: String) -> [Float] {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var random = SeededGenerator(seed: hash)
        return (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    }

    /// Serves until `body` has ended.
    func run<Value: Sendable>(_ body: @Sendable (_ address: String) async throws -> Value) async throws -> Value {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    return try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        let address = "http://127.0.0.1:\(server.channel.localAddress?.port ?? 0)"
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { tasks in
                        for try await connection in connections { tasks.addTask { await self.serve(connection) } }
                    }
                }
            }
            let result: Result<Value, any Error>
            do { result = .success(try await body(address)) } catch { result = .failure(error) }
            group.cancelAll()
            _ = try? await group.waitForAll()
            return try result.get()
        }
    }

    private func serve(_ connection: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>) async {
        try? await connection.executeThenClose { inbound, outbound in
            var body = ByteBuffer()
            for try await part in inbound {
                switch part {
                case .head(let head):
                    body.clear()
                    state.withLock { $0.authorization = head.headers.first(name: "authorization") }
                case .body(var bytes): body.writeBuffer(&bytes)
                case .end:
                    let (status, answer) = await answer(Data(body.readableBytesView))
                    let headers = HTTPHeaders([("content-length", "\(answer.count)")])
                    try await outbound.write(
                        .head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)))
                    try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: answer))))
                    try await outbound.write(.end(nil))
                }
            }
        }
    }

    private func answer(_ body: Data) async -> (status: Int, body: Data) {
        let request = (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] ?? [:]
        let texts = request["input"] as? [String] ?? []
        await onRequest(texts)
        let failure = state.withLock { $0.failures.isEmpty ? nil : $0.failures.removeFirst() }
        if let failure { return (failure, Data("no".utf8)) }
        state.withLock { $0.requests.append(texts) }
        // In another order than asked, as servers may.
        let items = texts.enumerated().reversed().map { index, text -> [String: Any] in
            ["index": index, "embedding": Self.vector(text).map { Double($0) }]
        }
        let document: [String: Any] = ["data": items, "usage": ["total_tokens": texts.count * 3]]
        return (200, (try? JSONSerialization.data(withJSONObject: document)) ?? Data())
    }
}
