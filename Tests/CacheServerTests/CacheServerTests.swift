import CacheEngine
import CacheModel
import CacheProtocol
import CacheServer
import Foundation
import Logging
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(10))) struct CacheServerTests {
    private static let insertion = Insertion(
        vector: [1, 0, 0], prompt: "how do I return it", payload: Array("within 30 days".utf8),
        dependencies: [Dependency("kb/refunds", .ordered(41))])

    // MARK: Conversation

    @Test(arguments: [0, 1])
    func anAnswerIsStoredFoundInvalidatedAndGone(_ transport: Int) async throws {
        try await RunningServer.with { server in
            let client = try await TestClient.greeted(server.addresses[transport])
            guard case .insert(let outcomes)? = try await client.ask(.insert(.init(namespace: "n", [Self.insertion]))),
                case .stored(let entry, replaced: nil)? = outcomes.first
            else {
                Issue.record("nothing was stored")
                return
            }
            guard case .lookup(let found)? = try await client.ask(.lookup([2, 0, 0])),
                case .hits(let hits)? = found.first?.outcome
            else {
                Issue.record("nothing was found")
                return
            }
            #expect(hits.map(\.entry.identifier) == [entry])
            #expect(hits.first?.entry.payload == Self.insertion.payload)
            guard case .get(let stored)? = try await client.ask(.get(GetRequest(namespace: "n", entry: entry))) else {
                Issue.record("the entry is not there")
                return
            }
            #expect(stored.prompt == Self.insertion.prompt)
            let change = Invalidation(source: "kb/refunds", change: .version(42))
            guard case .invalidate(let receipts)? = try await client.ask(.invalidate(.init(namespace: "n", [change])))
            else {
                Issue.record("nothing was invalidated")
                return
            }
            #expect(try receipts.first?.get().changed == true)
            guard case .lookup(let gone)? = try await client.ask(.lookup([2, 0, 0])),
                case .miss(let miss)? = gone.first?.outcome
            else {
                Issue.record("it is still there")
                return
            }
            // Which of the two it is depends on whether the stale entry was reclaimed meanwhile.
            #expect([.stale, .nothingStored].contains(miss.reason))
            guard case .insert(let late)? = try await client.ask(.insert(.init(namespace: "n", [Self.insertion]))),
                case .refused(let refusal)? = late.first
            else {
                Issue.record("a late insert was stored")
                return
            }
            #expect(refusal.code == .staleDependency)
            guard case .lease(let lease)? = try await client.ask(.lease(.init(namespace: "n", sources: ["kb/refunds"])))
            else {
                Issue.record("no lease")
                return
            }
            #expect(lease.sources.map(\.version) == [.ordered(42)])
            var keyed = Self.insertion
            keyed.dependencies = []
            guard case .insert(let kept)? = try await client.ask(.insert(.init(namespace: "n", [keyed]))),
                case .stored(let entry, replaced: nil)? = kept.first
            else {
                Issue.record("nothing was stored")
                return
            }
            let deletion = DeleteRequest(namespace: "n", entries: [entry, EntryIdentifier(1 << 40)])
            #expect(try await client.ask(.delete(deletion)) == .delete([true, false]))
            try await client.close()
        }
    }

    @Test func namespacesAreMadeListedAndDropped() async throws {
        try await RunningServer.with { server in
            let client = try await TestClient.greeted(server.tcp)
            let settings = NamespaceSettings(dimension: 3, model: "minilm")
            guard
                case .createNamespace(let made)? = try await client.ask(
                    .createNamespace(.init(name: "a", settings: settings)))
            else {
                Issue.record("no namespace")
                return
            }
            #expect(made.settings.dimension == 3)
            #expect(try await client.ask(.listNamespaces) == .listNamespaces([made]))
            guard case .purge? = try await client.ask(.purge(.init(namespace: "a", .tag("t")))) else {
                Issue.record("no purge")
                return
            }
            guard case .dropNamespace? = try await client.ask(.dropNamespace("a")) else {
                Issue.record("not dropped")
                return
            }
            let left = try await client.ask(.listNamespaces)
            #expect(left == .listNamespaces([]))
            guard case .liftFence? = try await client.ask(.liftFence) else {
                Issue.record("no answer to LIFT-FENCE")
                return
            }
            try await client.close()
        }
    }

    @Test func aBadRowRefusesThatRowAloneByTheClientsIndex() async throws {
        try await RunningServer.with { server in
            let client = try await TestClient.greeted(server.tcp)
            var unreadable = Lookup(vector: [1, 0, 0])
            unreadable.neighbors = 101
            let lookups = [unreadable, Lookup(vector: [1, 0, 0]), Lookup(vector: [.nan, 0, 0])]
            _ = try await client.ask(.insert(.init(namespace: "n", [Self.insertion])))
            guard case .lookup(let replies)? = try await client.ask(.lookup(.init(namespace: "n", lookups))),
                replies.count == 3, case .refused(let first) = replies[0].outcome, case .hits = replies[1].outcome,
                case .refused(let third) = replies[2].outcome
            else {
                Issue.record("not as expected")
                return
            }
            #expect(first.code == .invalidArgument)
            #expect(third.code == .invalidVector)
            #expect(third.detail["row"] == "2")
            try await client.close()
        }
    }

    @Test func statisticsCountWhatHappened() async throws {
        try await RunningServer.with { server in
            let client = try await TestClient.greeted(server.tcp)
            _ = try await client.ask(.lookup())
            guard case .statistics(let json)? = try await client.ask(.statistics),
                let document = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any],
                let requests = document["requests"] as? [String: Int],
                let engine = document["engine"] as? [String: Any],
                let counts = document["server"] as? [String: Int]
            else {
                Issue.record("not the document that is documented")
                return
            }
            #expect(document["version"] as? String == ServiceVersion.current)
            #expect(requests["lookup"] == 1 && requests["hello"] == 1 && requests["insert"] == 0)
            #expect(engine["missesNothingStored"] as? Int == 1)
            #expect(counts["connections"] == 1)
            #expect((counts["bytesReceived"] ?? 0) > 60 && (counts["bytesSent"] ?? 0) > 60)
            try await client.close()
        }
    }

    // MARK: Bad input

    @Test(arguments: ["magic", "opcode", "version", "length", "too large", "no hello"])
    func badInputIsAnsweredAndClosedAndOthersAreUnharmed(_ kind: String) async throws {
        try await RunningServer.with { server in
            let other = try await TestClient.greeted(server.tcp)
            let client = kind == "no hello" ? try await TestClient(server.tcp) : try await .greeted(server.tcp)
            var bytes = ByteBuffer()
            try bytes.writeRequest(.get, identifier: 7)
            let expected: CacheError.Code
            switch kind {
            case "magic":
                bytes.setInteger(UInt32(0), at: 0)
                expected = .malformedFrame
            case "version":
                bytes.setInteger(UInt8(9), at: 4)
                expected = .unsupportedVersion
            case "opcode":
                bytes.setInteger(UInt8(0xee), at: 5)
                expected = .malformedFrame
            case "length":
                bytes.setInteger(UInt16(60_000), at: FrameHeader.bytes, endianness: .little)
                expected = .malformedFrame
            case "too large":
                bytes.setInteger(UInt32.max, at: 8)
                // More than the kernel buffers, so that the reply must survive unread input.
                bytes.writeRepeatingByte(0, count: 3 << 20)
                expected = .frameTooLarge
            default: expected = .malformedFrame
            }
            client.channel.writeAndFlush(bytes, promise: nil)
            #expect(try await client.reply()?.reply.error?.code == expected)
            #expect(try await client.reply() == nil, "the server closes")
            try? await client.close()
            #expect(try await other.ask(.ping([1])) == .ping([1]))
            try await other.close()
        }
    }

    @Test(arguments: [1, 2, 3])
    func randomBytesNeverEndTheServer(_ seed: UInt64) async throws {
        try await RunningServer.with { server in
            var random = SeededGenerator(seed: seed)
            for _ in 0..<40 {
                let client = try await TestClient.greeted(server.unix)
                var bytes = ByteBuffer()
                try bytes.writeRequest(.lookup([1, 2, 3]), identifier: 2)
                try bytes.writeRequest(.insert(.init(namespace: "n", [Self.insertion])), identifier: 3)
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let index = Int.random(in: 0..<bytes.writerIndex, using: &random)
                    bytes.setInteger(UInt8.random(in: 0...255, using: &random), at: index)
                }
                client.channel.writeAndFlush(bytes, promise: nil)
                try await client.channel.close(mode: .output)
                while try await client.reply() != nil {}
                try? await client.close()
            }
            let client = try await TestClient.greeted(server.unix)
            #expect(try await client.ask(.ping([1])) == .ping([1]))
            try await client.close()
        }
    }

    @Test func aPeerThatClosesItsSideStillGetsItsReplies() async throws {
        try await RunningServer.with { server in
            let client = try await TestClient(server.tcp)
            try await client.send(
                (1, .hello(HelloRequest(clientName: "test"))), (2, .insert(.init(namespace: "n", [Self.insertion]))))
            try await client.channel.close(mode: .output)
            #expect(try await client.reply()?.identifier == 1)
            #expect(try await client.reply()?.identifier == 2)
            #expect(try await client.reply() == nil)
            try? await client.close()
        }
    }

    // MARK: Addresses

    @Test func theUnixSocketIsPrivateAndGoneAfterwards() async throws {
        var path = ""
        try await RunningServer.with { server in
            guard case .unixSocket(let bound) = server.unix else { return }
            path = bound
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            await server.beginShutdown()
            while FileManager.default.fileExists(atPath: path) { await Task.yield() }
        }
        #expect(!path.isEmpty)
    }

    @Test func anAddressInUseIsRefused() async throws {
        try await RunningServer.with { server in
            for address in server.addresses {
                let second = try CacheServer(
                    configuration: ServerConfiguration(listenAddresses: [address]), executor: FakeExecutor(),
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                let error = await #expect(throws: CacheError.self) { try await second.run() }
                #expect(error?.code == .invalidConfiguration)
                await #expect(throws: CacheError.self) { _ = try await second.addresses }
            }
            let client = try await TestClient.greeted(server.unix)
            try await client.close()
        }
    }

    @Test func aConfigurationThatCannotWorkIsRefused() {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        for change: (inout ServerConfiguration) -> Void in [
            { $0.listenAddresses = [] }, { $0.eventLoopThreads = 0 }, { $0.limits.connections = 0 },
            { $0.deadlines.hello = .zero },
        ] {
            var configuration = ServerConfiguration()
            change(&configuration)
            #expect(throws: CacheError.self) {
                _ = try CacheServer(configuration: configuration, executor: FakeExecutor(), logger: logger)
            }
        }
    }
}

/// SplitMix64.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
