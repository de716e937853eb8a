import CacheAccess
import CacheModel
import CacheProtocol
import CacheServer
import NIOCore
import Synchronization
import Testing

/// Who is let in, and to what, over a real socket.
@Suite(.timeLimit(.minutes(10))) struct AccessTests {
    /// One request of every kind, all of them about the namespace `n` where they are about one.
    static let requests: [Request] = [
        .ping([1]), .statistics,
        .lookup([1, 0]), .insert(InsertRequest(namespace: "n", [Insertion(vector: [1, 0], payload: [1])])), .get,
        .delete(DeleteRequest(namespace: "n", entries: [EntryIdentifier(1)])),
        .invalidate(InvalidateRequest(namespace: "n", [Invalidation(source: "s", change: .version(1))])),
        .lease(LeaseRequest(namespace: "n", sources: [])), .purge(PurgeRequest(namespace: "n", .tag("t"))), .liftFence,
        .createNamespace(CreateNamespaceRequest(name: "n", settings: NamespaceSettings())), .listNamespaces,
        .dropNamespace("n"), .scan(ScanRequest(namespace: "n", scan: Scan())),
        .follow(FollowRequest(namespace: "n", followed: nil)),
    ]

    /// The scopes of which one is enough, written down once more: a change of the table must be meant.
    static func needed(_ opcode: Opcode) -> [AccessScope] {
        switch opcode {
        case .connection, .hello, .ping, .listNamespaces: []
        case .lookup, .get: [.lookup]
        case .insert: [.insert]
        case .lease: [.insert, .invalidate]
        case .delete, .invalidate, .purge: [.invalidate]
        case .statistics, .liftFence, .createNamespace, .dropNamespace, .scan, .follow: [.admin]
        }
    }

    @Test func everyRequestIsTried() {
        #expect(Set(Self.requests.map(\.opcode)) == Set(Opcode.allCases).subtracting([.connection, .hello]))
    }

    @Test(arguments: AccessScope.allCases)
    func aScopeIsGoodForItsRequestsAndNoOthers(_ scope: AccessScope) async throws {
        let tokens = try TestTokens()
        let token = try tokens.create("t", AccessScopes([scope]))
        try await RunningServer.with({ $0.access = try? tokens.control() }) { server in
            let client = try await TestClient.greeted(server.tcp, token: token)
            for request in Self.requests {
                let needed = Self.needed(request.opcode)
                let reply = try #require(try await client.ask(request))
                if needed.isEmpty || needed.contains(scope) {
                    #expect(reply.error?.code != .forbidden, "\(request.opcode) with \(scope)")
                } else {
                    let names = needed.map(\.rawValue)
                    #expect(reply.error?.code == .forbidden, "\(request.opcode) with \(scope)")
                    #expect(reply.error?.detail == ["scope": names.joined(separator: ",")])
                    #expect(reply.error?.message.contains(names[0]) == true)
                }
                #expect(reply.opcode == request.opcode)
            }
            try await client.close()
        }
    }

    @Test func aTokenReachesItsNamespacesOnly() async throws {
        let tokens = try TestTokens()
        let token = try tokens.create("t", .all, "app-*", "shared")
        try await RunningServer.with({ $0.access = try? tokens.control() }) { server in
            let client = try await TestClient.greeted(server.tcp, token: token)
            // Requests of one connection are judged one by one.
            for (namespace, isReached) in [("app-1", true), ("n", false), ("shared", true), ("shared2", false)] {
                let lookup = LookupRequest(namespace: namespace, [Lookup(vector: [1, 0])])
                let reply = try await client.ask(.lookup(lookup))
                #expect(reply?.error?.code == (isReached ? nil : .forbidden))
                #expect(reply?.error?.detail == (isReached ? nil : ["namespace": namespace]))
            }
            for request in Self.requests where ![.ping, .listNamespaces].contains(request.opcode) {
                #expect(try await client.ask(request)?.error?.code == .forbidden, "\(request.opcode)")
            }
            try await client.close()
        }
    }

    @Test func whoHasANamespaceFollowAnotherReachesBoth() async throws {
        let tokens = try TestTokens()
        let token = try tokens.create("t", .admin, "app-*")
        try await RunningServer.with({ $0.access = try? tokens.control() }) { server in
            let client = try await TestClient.greeted(server.tcp, token: token)
            for (one, other, missing) in [("app-1", "n", "n"), ("n", "app-1", "n"), ("app-1", "app-2", nil)] {
                let reply = try await client.ask(.follow(FollowRequest(namespace: one, followed: other)))
                #expect(reply?.error?.detail["namespace"] == missing ?? "app-2")
                #expect(reply?.error?.code == (missing == nil ? .namespaceNotFound : .forbidden))
            }
            try await client.close()
        }
    }

    @Test func namespacesThatATokenIsNotForAreNotListed() async throws {
        let tokens = try TestTokens()
        let operation = try tokens.create("ops", .admin)
        let limited = try tokens.create("t", .lookup, "a*")
        try await RunningServer.with({ $0.access = try? tokens.control() }) { server in
            let admin = try await TestClient.greeted(server.tcp, token: operation)
            for name in ["a1", "a2", "b"] {
                _ = try await admin.ask(.createNamespace(.init(name: name, settings: NamespaceSettings(dimension: 2))))
            }
            for (token, names) in [(operation, ["a1", "a2", "b"]), (limited, ["a1", "a2"])] {
                let client = try await TestClient.greeted(server.tcp, token: token)
                guard case .listNamespaces(let listed)? = try await client.ask(.listNamespaces) else {
                    Issue.record("no list")
                    return
                }
                #expect(listed.map(\.name).sorted() == names)
                try await client.close()
            }
            try await admin.close()
        }
    }

    @Test func whateverIsWrongWithATokenIsToldInTheSameWords() async throws {
        let tokens = try TestTokens()
        let expired = try tokens.create("expired", lifetimeMilliseconds: 1_000)
        let holds = try tokens.create("holds")
        tokens.pass(milliseconds: 1_000)
        let wrong: [[UInt8]] = [
            [], Array("password".utf8), Array(expired.utf8), Array(tokens.next().text.utf8),
            Array(holds.dropLast().utf8), [0, 0xff], [UInt8](repeating: 0x61, count: Limits.tokenBytes),
        ]
        try await RunningServer.with({ $0.access = try? tokens.control() }, logger: tokens.logger) { server in
            var errors: Set<CacheError> = []
            for token in wrong {
                let client = try await TestClient(server.tcp)
                let reply = try await client.ask(.hello(HelloRequest(clientName: "test", token: token)), 5)
                guard case .failure(let error, .hello)? = reply else {
                    Issue.record("\(String(describing: reply))")
                    return
                }
                errors.insert(error)
                // And the connection is over.
                #expect(try await client.reply() == nil)
            }
            #expect(errors.map(\.code) == [.unauthenticated] && errors.first?.detail == [:])
            let client = try await TestClient.greeted(server.unix, token: holds)
            let statistics = try await client.ask(.statistics)
            guard case .statistics(let document)? = statistics else {
                Issue.record("no statistics")
                return
            }
            #expect(document.contains(#""unauthenticated":{"missing":1,"unknown":5,"expired":1,"ended":0}"#))
            try await client.close()
        }
        #expect(tokens.log.withLock { $0.filter { $0.contains("client refused") }.count } == wrong.count)
        for line in tokens.log.withLock({ $0 }) {
            #expect(!line.contains("smbl_") && !line.contains("password"))
        }
    }

    @Test func withoutATokenFileEverybodyIsLetInAndTheTokenIsIgnored() async throws {
        let tokens = try TestTokens()
        try await RunningServer.with({ $0.access = try? tokens.control(isRequired: false) }) { server in
            let client = try await TestClient.greeted(server.tcp, token: "anything")
            for request in Self.requests { #expect(try await client.ask(request)?.error?.code != .forbidden) }
            try await client.close()
        }
    }

    @Test(arguments: [true, false])
    func aFirstFrameOf1025BytesIsRefusedByItsHeader(_ demandsTokens: Bool) async throws {
        let tokens = try TestTokens()
        if demandsTokens { try tokens.create("t") }
        try await RunningServer.with({ $0.access = try? tokens.control(isRequired: false) }) { server in
            let client = try await TestClient(server.tcp)
            var bytes = ByteBuffer()
            try bytes.writeRequest(.hello(HelloRequest(clientName: "test")), identifier: 3)
            bytes.setInteger(UInt32(Limits.helloBytes + 1), at: 8, endianness: .little)
            // Its body never comes.
            try await client.send(bytes: bytes.getSlice(at: 0, length: FrameHeader.bytes) ?? ByteBuffer())
            let (identifier, reply) = try #require(try await client.reply())
            #expect(identifier == 3 && reply.error?.code == .frameTooLarge)
            #expect(reply.error?.detail == ["limit": "1024", "got": "1025"])
            #expect(try await client.reply() == nil)
        }
    }

    @Test func framesAreShortUntilTheTokenWasAccepted() async throws {
        let tokens = try TestTokens()
        try tokens.create("t")
        try await RunningServer.with({ $0.access = try? tokens.control() }) { server in
            let client = try await TestClient(server.tcp)
            // Behind a HELLO that is refused a long frame is not even looked at.
            var bytes = ByteBuffer()
            try bytes.writeRequest(.hello(HelloRequest(clientName: "test")), identifier: 1)
            try bytes.writeRequest(.ping([UInt8](repeating: 1, count: Limits.pingBytes)), identifier: 2)
            try await client.send(bytes: bytes)
            #expect(try await client.reply()?.reply.error?.code == .unauthenticated)
            #expect(try await client.reply() == nil)
        }
    }
}

extension TestClient {
    static func greeted(_ address: ListenAddress, token: String) async throws -> TestClient {
        let client = try await TestClient(address)
        let reply = try await client.ask(.hello(HelloRequest(clientName: "test", token: Array(token.utf8))), 1)
        guard case .hello? = reply else { throw CacheError(.internalError, "not let in: \(String(describing: reply))") }
        return client
    }
}
