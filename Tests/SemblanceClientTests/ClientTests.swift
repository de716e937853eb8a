import CacheModel
import CacheProtocol
import NIOCore
import SemblanceClient
import Synchronization
import Testing

/// Against a real server that does what the test says.
@Suite(.timeLimit(.minutes(10)))
struct ClientTests {
    /// Greets, and echoes pings.
    @Sendable private static func echo(_ arrival: ScriptedService.Arrival) {
        switch arrival.request {
        case .hello: ScriptedService.greet(arrival)
        case .ping(let bytes): arrival.reply(.ping(bytes))
        default: arrival.fail(.internalError)
        }
    }

    private func code(_ body: () async throws -> some Any) async -> CacheError.Code? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? CacheError)?.code
        }
    }

    // MARK: Greeting

    @Test func aClientConnectsWithTheFirstCallOnly() async throws {
        try await withService(script: Self.echo) { client, service in
            #expect(service.connectionCount == 0)
            let duration = try await client.ping()
            #expect(duration > .zero)
            #expect(service.connectionCount == 1)
        }
    }

    @Test func helloCarriesNameAndTokenAndItsReplyIsTold() async throws {
        let seen = Mutex<Request?>(nil)
        var configuration = ClientConfiguration.test
        configuration.clientName = "tests"
        configuration.token = "secret"
        let script: ScriptedService.Script = { arrival in
            guard case .hello = arrival.request else { return Self.echo(arrival) }
            seen.withLock { $0 = arrival.request }
            ScriptedService.greet(arrival) { $0.limits[.batchCount] = 17 }
        }
        try await withService(configuration: configuration, script: script) { client, _ in
            let information = try await client.information()
            #expect(information.serverVersion == "test")
            #expect(information.protocolVersion == 1)
            #expect(information.position == Position(incarnation: 7, sequence: 1))
            #expect(information.limits.batchCount == 17)
            #expect(information.limits.frameBytes == Limits.frameBytes)
        }
        #expect(seen.withLock { $0 } == .hello(HelloRequest(clientName: "tests", token: Array("secret".utf8))))
    }

    @Test func aRefusedHelloFailsTheCallWithTheServicesErrorAndIsNotRepeated() async throws {
        try await withService(script: { $0.fail(.unsupportedVersion) }) { client, service in
            #expect(await code { try await client.ping() } == .unsupportedVersion)
            #expect(service.connectionCount == 1)
        }
    }

    @Test func aServiceThatCannotBeReachedIsConnectionFailed() async throws {
        let service = try await ScriptedService.start { _ in }
        try await service.stop()
        var configuration = ClientConfiguration.test
        configuration.attemptLimit = 2
        let client = try SemblanceClient(address: service.address, configuration: configuration)
        let error = await #expect(throws: CacheError.self) { try await client.statistics() }
        #expect(error?.code == .connectionFailed)
        #expect(error?.detail["address"] == service.address.description)
        #expect(await code { try await client.insert(Insertion(text: "a"), in: "n") } == .connectionFailed)
        await client.close()
    }

    @Test func unixSocketsSpeakTheSame() async throws {
        let path = "/tmp/semblance-test-\(UInt64.random(in: 0 ... .max)).sock"
        let service = try await ScriptedService.start(unixSocketPath: path, Self.echo)
        let client = try SemblanceClient(address: try ServiceAddress(parsing: "unix:\(path)"), configuration: .test)
        try await client.ping()
        await client.close()
        try await service.stop()
    }

    // MARK: Pipelining

    @Test func repliesOutOfOrderReachTheirOwnCalls() async throws {
        var configuration = ClientConfiguration.test
        configuration.connectionLimit = 1
        let queue = ArrivalQueue()
        try await withService(configuration: configuration, script: queue.script) { client, service in
            try await withThrowingTaskGroup { group in
                for number in 0..<200 as Range<UInt64> {
                    group.addTask {
                        let entry = try await client.entry(EntryIdentifier(number), in: "n")
                        #expect(entry.identifier.number == number)
                    }
                }
                var random = SeededGenerator(seed: 3)
                for arrival in try await queue.next(200).shuffled(using: &random) {
                    guard case .get(let request) = arrival.request else { continue }
                    arrival.reply(.get(.sample(request.entry)))
                }
                try await group.waitForAll()
            }
            #expect(service.connectionCount == 1)
        }
    }

    @Test func theServicesLimitInFlightIsKeptAndOthersWait() async throws {
        var configuration = ClientConfiguration.test
        configuration.connectionLimit = 1
        configuration.waitingRequestLimit = 3
        let queue = ArrivalQueue()
        let script: ScriptedService.Script = { arrival in
            guard case .hello = arrival.request else { return queue.append(arrival) }
            ScriptedService.greet(arrival) { $0.limits[.requestsInFlight] = 2 }
        }
        try await withService(configuration: configuration, script: script) { client, _ in
            let first = Task { try await client.ping() }
            let second = Task { try await client.ping() }
            let inFlight = try await queue.next(2)
            // Of four more, three find a place in the line, whichever these are.
            let outcomes = try await withThrowingTaskGroup(of: CacheError.Code?.self) { group in
                for _ in 0..<4 { group.addTask { await code { try await client.ping() } } }
                var outcomes = [try await group.next() ?? nil]
                for arrival in inFlight { arrival.echo() }
                for _ in 0..<3 { try await queue.next().echo() }
                while let outcome = try await group.next() { outcomes.append(outcome) }
                return outcomes
            }
            #expect(outcomes == [.overloaded, nil, nil, nil])
            _ = try await (first.value, second.value)
        }
    }

    @Test func aRequestLongerThanTheServiceTakesIsRefusedHere() async throws {
        let script: ScriptedService.Script = { arrival in
            guard case .hello = arrival.request else { return arrival.fail(.internalError) }
            ScriptedService.greet(arrival) { $0.limits[.frameBytes] = 1_000 }
        }
        try await withService(script: script) { client, _ in
            let insertion = Insertion(key: ExactKey(1), payload: Array(repeating: 0, count: 2_000))
            #expect(await code { try await client.insert(insertion, in: "n") } == .frameTooLarge)
        }
    }

    @Test func vectorsTravelInTheConfiguredPrecision() async throws {
        let cases: [(VectorPrecision, Float)] = [(.float32, 0.1), (.float16, 0.099_975_586)]
        for (precision, expected) in cases {
            var configuration = ClientConfiguration.test
            configuration.vectorPrecision = precision
            let queue = ArrivalQueue()
            try await withService(configuration: configuration, script: queue.script) { client, _ in
                async let reply = client.lookup(Lookup(vector: [0.1]), in: "n")
                let arrival = try await queue.next()
                #expect(arrival.request == .lookup(LookupRequest(namespace: "n", [Lookup(vector: [expected])])))
                arrival.reply(.lookup([.miss]))
                #expect(try await reply == .miss)
            }
        }
    }

    // MARK: Deadlines

    @Test func aServiceThatNeverAnswersEndsInDeadlineExceeded() async throws {
        try await withService(script: ArrivalQueue().script) { client, _ in
            let clock = ContinuousClock()
            let start = clock.now
            #expect(await code { try await client.ping(timeout: .milliseconds(50)) } == .deadlineExceeded)
            #expect(clock.now - start >= .milliseconds(50))
            #expect(await code { try await client.ping(timeout: .zero) } == .deadlineExceeded)
        }
    }

    @Test func theConfiguredTimeoutHoldsWhereACallNamesNone() async throws {
        var configuration = ClientConfiguration.test
        configuration.requestTimeout = .milliseconds(30)
        try await withService(configuration: configuration, script: ArrivalQueue().script) { client, _ in
            #expect(await code { try await client.statistics() } == .deadlineExceeded)
        }
    }

    @Test func aServiceThatNeverGreetsEndsInDeadlineExceeded() async throws {
        var configuration = ClientConfiguration.test
        configuration.connectTimeout = .seconds(1)
        try await withService(configuration: configuration, script: { _ in }) { client, _ in
            #expect(await code { try await client.ping(timeout: .milliseconds(50)) } == .deadlineExceeded)
        }
    }

    // MARK: Lost connections

    @Test func aLostConnectionIsReplacedForCallsThatMayBeRepeated() async throws {
        let script: ScriptedService.Script = { arrival in
            if case .ping = arrival.request, arrival.connection == 1 { arrival.close() } else { Self.echo(arrival) }
        }
        try await withService(script: script) { client, service in
            try await client.ping()
            #expect(service.connectionCount == 2)
        }
    }

    @Test func callsThatMayNotBeRepeatedFailOnceTheyMayHaveBeenSent() async throws {
        let requests = Mutex(0)
        let script: ScriptedService.Script = { arrival in
            if case .hello = arrival.request { return ScriptedService.greet(arrival) }
            requests.withLock { $0 += 1 }
            arrival.close()
        }
        try await withService(script: script) { client, _ in
            let calls: [@Sendable () async throws -> Void] = [
                { try await client.insert(Insertion(text: "a"), in: "n") },
                { try await client.delete(EntryIdentifier(1), in: "n") },
                { try await client.purge(.tag("t"), in: "n") },
                { try await client.dropNamespace("n") },
                { try await client.invalidate(Invalidation(source: "s", change: .bump), in: "n") },
                { try await client.invalidate(Invalidation(source: "s", change: .reset(version: 1)), in: "n") },
                { try await client.liftFence() },
            ]
            for call in calls { #expect(await code(call) == .connectionClosed) }
            #expect(requests.withLock { $0 } == calls.count)
        }
    }

    @Test func repeatingStopsAtTheAttemptLimit() async throws {
        let requests = Mutex(0)
        let script: ScriptedService.Script = { arrival in
            if case .hello = arrival.request { return ScriptedService.greet(arrival) }
            requests.withLock { $0 += 1 }
            arrival.close()
        }
        var configuration = ClientConfiguration.test
        configuration.attemptLimit = 2
        try await withService(configuration: configuration, script: script) { client, _ in
            #expect(await code { try await client.lookup(Lookup(key: ExactKey(1)), in: "n") } == .connectionClosed)
            #expect((1...2).contains(requests.withLock { $0 }), "an attempt may fail for want of a connection")
        }
    }

    @Test func aFrameThatIsCutOffFailsItsCall() async throws {
        let script: ScriptedService.Script = { arrival in
            if case .hello = arrival.request { return ScriptedService.greet(arrival) }
            var bytes = ByteBuffer()
            bytes.writeReply(.insert([.stored(EntryIdentifier(1), replaced: nil)]), identifier: arrival.identifier)
            bytes.moveWriterIndex(to: bytes.writerIndex - 3)
            arrival.write(bytes)
            arrival.close()
        }
        try await withService(script: script) { client, _ in
            #expect(await code { try await client.insert(Insertion(text: "a"), in: "n") } == .connectionClosed)
        }
    }

    @Test func garbageEndsItsConnectionAndLeavesOthersUnharmed() async throws {
        var configuration = ClientConfiguration.test
        configuration.connectionLimit = 2
        configuration.requestsPerConnection = 1
        let queue = ArrivalQueue()
        try await withService(configuration: configuration, script: queue.script) { client, _ in
            // Two connections, made one after the other: the third call finds the first one busy.
            let first = Task { try await client.statistics() }
            let victim = try await queue.next()
            var others: [Task<String, any Error>] = []
            var spared: ScriptedService.Arrival?
            while spared == nil {
                others.append(Task { try await client.statistics() })
                let arrival = try await queue.next()
                if arrival.connection == victim.connection {
                    arrival.reply(.statistics("{}"))
                } else {
                    spared = arrival
                }
            }
            victim.write(ByteBuffer(string: "220 mail.example.org ESMTP ready for your message"))
            #expect(await code { try await first.value } == .malformedFrame)
            spared?.reply(.statistics("{\"spared\":true}"))
            for other in others.dropLast() { #expect(try await other.value == "{}") }
            #expect(try await others.last?.value == "{\"spared\":true}")
        }
    }

    // MARK: Errors of the service

    @Test func theServicesErrorsArriveAsTheyAre() async throws {
        let script: ScriptedService.Script = { arrival in
            guard case .hello = arrival.request else {
                return arrival.fail(.staleDependency, detail: ["source": "kb", "current": "42"])
            }
            ScriptedService.greet(arrival)
        }
        try await withService(script: script) { client, _ in
            let error = await #expect(throws: CacheError.self) { try await client.statistics() }
            let detail = ["source": "kb", "current": "42"]
            #expect(error == CacheError(.staleDependency, "scripted", detail: detail))
        }
    }

    @Test(arguments: [true, false])
    func overloadedIsRepeatedOnlyWhereThatIsWanted(retries: Bool) async throws {
        let count = Mutex(0)
        let script: ScriptedService.Script = { arrival in
            if case .hello = arrival.request { return ScriptedService.greet(arrival) }
            let isFirst = count.withLock { count in
                count += 1
                return count == 1
            }
            if isFirst { arrival.fail(.overloaded, detail: ["retry-after-ms": "2"]) } else { Self.echo(arrival) }
        }
        var configuration = ClientConfiguration.test
        configuration.retriesOverloaded = retries
        try await withService(configuration: configuration, script: script) { client, _ in
            #expect(await code { try await client.ping() } == (retries ? nil : .overloaded))
        }
        #expect(count.withLock { $0 } == (retries ? 2 : 1))
    }

    @Test func aReplyWithTooFewItemsIsMalformed() async throws {
        let script: ScriptedService.Script = { arrival in
            switch arrival.request {
            case .hello: ScriptedService.greet(arrival)
            case .lookup: arrival.reply(.lookup([]))
            case .delete: arrival.reply(.delete([true, true]))
            default: arrival.reply(.lease(LeaseReply(lease: .sample, sources: [])))
            }
        }
        try await withService(script: script) { client, _ in
            #expect(await code { try await client.lookup(Lookup(key: ExactKey(1)), in: "n") } == .malformedFrame)
            #expect(await code { try await client.delete(EntryIdentifier(1), in: "n") } == .malformedFrame)
            #expect(await code { try await client.sourceStates(["a"], in: "n") } == .malformedFrame)
        }
    }

    // MARK: Closing

    @Test func closingLetsWhatIsInFlightFinish() async throws {
        let queue = ArrivalQueue()
        try await withService(script: queue.script) { client, _ in
            let call = Task { try await client.statistics() }
            let arrival = try await queue.next()
            let closing = Task { await client.close() }
            // Calls fail as soon as closing has begun.
            while await code({ try await client.ping(timeout: .milliseconds(20)) }) == .deadlineExceeded {}
            #expect(await code { try await client.ping() } == .connectionClosed)
            arrival.reply(.statistics("{}"))
            #expect(try await call.value == "{}")
            await closing.value
        }
    }

    @Test func aClientThatIsForgottenClosesItsConnections() async throws {
        let (closures, closed) = AsyncStream<Void>.makeStream()
        let script: ScriptedService.Script = { arrival in
            if case .hello = arrival.request { arrival.whenClosed { closed.yield() } }
            Self.echo(arrival)
        }
        let service = try await ScriptedService.start(script)
        try await SemblanceClient(address: service.address, configuration: .test).ping()
        for await _ in closures { break }
        try await service.stop()
    }
}
