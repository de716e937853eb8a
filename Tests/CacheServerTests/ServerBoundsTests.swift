import CacheEngine
import CacheModel
import CacheProtocol
import CacheServer
import NIOCore
import Testing

/// What a server does when it is asked for more than it holds, and when it is told to stop.
@Suite(.timeLimit(.minutes(10))) struct ServerBoundsTests {
    // MARK: Bounds

    @Test func manyPipelinedRequestsAreAllAnswered() async throws {
        try await RunningServer.with { configuration in
            configuration.limits.requestsInFlightPerConnection = 16
        } _: { server in
            let client = try await TestClient.greeted(server.tcp)
            var bytes = ByteBuffer()
            for identifier in UInt64(10)..<1_010 {
                let request: Request =
                    identifier % 10 == 0
                    ? .insert(.init(namespace: "n", [Insertion(vector: [1, 0, 0], payload: [1])])) : .lookup([1, 0, 0])
                try bytes.writeRequest(request, identifier: identifier)
            }
            client.channel.writeAndFlush(bytes, promise: nil)
            var open = Set(UInt64(10)..<1_010)
            while !open.isEmpty, let (identifier, reply) = try await client.reply() {
                #expect(open.remove(identifier) != nil)
                #expect(reply.error == nil)
            }
            #expect(open.isEmpty)
            try await client.close()
        }
    }

    @Test func connectionsBeyondTheLimitAreToldSoAndTheNextOneIsServedAgain() async throws {
        try await RunningServer.with { configuration in
            configuration.limits.connections = 1
        } _: { server in
            let first = try await TestClient.greeted(server.tcp)
            let second = try await TestClient(server.tcp)
            #expect(try await second.reply()?.reply.error?.code == .overloaded)
            #expect(try await second.reply() == nil)
            try? await second.close()
            try await first.close()
            // The server hears of it a moment later.
            var served = false
            while !served {
                let next = try await TestClient(server.tcp)
                if case .hello? = try? await next.ask(.hello(HelloRequest(clientName: "test"))) { served = true }
                try? await next.close()
            }
        }
    }

    @Test func aPeerThatReadsNothingIsCutOff() async throws {
        let executor = FakeExecutor()
        try await RunningServer.with(executor: executor) { configuration in
            configuration.deadlines.write = .milliseconds(50)
        } _: { server in
            let client = try await TestClient.greeted(server.unix)
            executor.answerInline(with: .lookup([.largeHit]))
            try await client.channel.setOption(.autoRead, value: false).get()
            var bytes = ByteBuffer()
            for identifier in UInt64(10)..<20 { try bytes.writeRequest(.lookup(), identifier: identifier) }
            try await client.send(bytes: bytes)
            // Ends without a farewell, which the peer would not read either.
            let observer = try await TestClient.greeted(server.tcp)
            while true {
                guard case .statistics(let json)? = try await observer.ask(.statistics) else {
                    Issue.record("no statistics")
                    break
                }
                if json.contains("\"deadlinesExceeded\":1") { break }
            }
            try? await client.close()
            try await observer.close()
        }
    }

    // MARK: Shutdown

    @Test func aShutdownAnswersWhatIsInFlight() async throws {
        let executor = FakeExecutor()
        try await RunningServer.with(executor: executor) { server in
            let client = try await TestClient.greeted(server.tcp)
            try await client.send((2, .get), (3, .ping([])))
            #expect(try await client.reply()?.identifier == 3)
            let submission = try #require(executor.take().first)
            await server.beginShutdown()
            // Refused as soon as the drain has reached the connection.
            var reply = try await client.ask(.ping([]))
            while case .ping? = reply { reply = try await client.ask(.ping([])) }
            #expect(reply?.error?.code == .shuttingDown)
            submission.answer(.entry(.sample(payloadBytes: 100_000)))
            #expect(try await client.reply()?.reply == .get(.sample(payloadBytes: 100_000)))
            #expect(try await client.reply()?.reply.error?.code == .shuttingDown)
            #expect(try await client.reply() == nil)
            try? await client.close()
        }
    }

    @Test func aShutdownDoesNotWaitForEver() async throws {
        let executor = FakeExecutor()
        try await RunningServer.with(executor: executor) { configuration in
            configuration.deadlines.drain = .milliseconds(50)
        } _: { server in
            let client = try await TestClient.greeted(server.tcp)
            try await client.send((2, .get), (3, .ping([])))
            _ = try await client.reply()
            await server.beginShutdown()
            while try await client.reply() != nil {}
            try? await client.close()
        }
        #expect(executor.take().count == 1)
    }
}

extension LookupReply {
    /// 1 MiB of payload.
    static var largeHit: LookupReply {
        var reply = LookupReply.miss
        reply.outcome = .hits([Hit(match: .vector, similarity: 1, entry: .sample(payloadBytes: 1 << 20))])
        return reply
    }
}
