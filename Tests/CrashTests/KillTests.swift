import Foundation
import SemblanceClient
import Testing

/// Kills a working service again and again. `scripts/crash-campaign` runs this for longer.
@Suite struct KillTests {
    private static let namespace = "crash"

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        /// SplitMix64.
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    @Test func whatWasAcknowledgedSurvivesAKillAndNothingStaleIsServed() async throws {
        let rounds = ProcessInfo.processInfo.environment["SEMBLANCE_CRASH_ROUNDS"].flatMap(Int.init) ?? 3
        let seed = ProcessInfo.processInfo.environment["SEMBLANCE_CRASH_SEED"].flatMap(UInt64.init) ?? 1
        // A Unix socket's path is short, so not below a long temporary folder.
        let folder = "/tmp/semblance-crash-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }

        var generator = Generator(state: seed)
        let state = AcknowledgedState()
        for round in 1...rounds {
            let service = try await ServiceProcess(data: folder + "/store", socket: folder + "/socket")
            try await verify(state, service.client, &generator)
            state.killAfter(acknowledgements: Int.random(in: 1...300, using: &generator))
            await work(state, service, seed: generator.next())
            if round % 20 == 0 { print("round \(round) of \(rounds): \(state.entryCount) entries acknowledged") }
        }
        let service = try await ServiceProcess(data: folder + "/store", socket: folder + "/socket")
        try await verify(state, service.client, &generator)
        await service.killNow()
        #expect(state.entryCount > rounds)
    }

    /// Inserts and invalidates from several tasks until the service is killed under them.
    private func work(_ state: AcknowledgedState, _ service: ServiceProcess, seed: UInt64) async {
        let client = service.client
        await withTaskGroup(of: Bool.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    var generator = Generator(state: seed &+ UInt64(worker))
                    while true {
                        do {
                            let isLast =
                                worker == 0
                                ? try await invalidate(state, client, &generator)
                                : try await insert(state, client, &generator)
                            if isLast { return true }
                        } catch {
                            // The service is gone; whatever was under way is not acknowledged.
                            return false
                        }
                    }
                }
            }
            for await isLast in group where isLast { await service.killNow() }
        }
    }

    private func insert(
        _ state: AcknowledgedState, _ client: SemblanceClient, _ generator: inout Generator
    ) async throws -> Bool {
        let entries = (0..<Int.random(in: 1...8, using: &generator)).map { _ in state.nextEntry(using: &generator) }
        let insertions = entries.map { entry in
            Insertion(
                key: ExactKey(UInt128(entry.number)), vector: vector(entry), payload: payload(entry),
                dependencies: [Dependency("source-\(entry.source)", .ordered(entry.version))])
        }
        let outcomes = try await client.insert(insertions, in: Self.namespace)
        var isLast = false
        for (entry, outcome) in zip(entries, outcomes) {
            if case .stored = outcome, state.acknowledge(entry) { isLast = true }
        }
        return isLast
    }

    private func invalidate(
        _ state: AcknowledgedState, _ client: SemblanceClient, _ generator: inout Generator
    ) async throws -> Bool {
        let source = Int.random(in: 0..<AcknowledgedState.sourceCount, using: &generator)
        let version = state.nextVersion(of: source)
        let news = Invalidation(source: "source-\(source)", change: .version(version))
        _ = try await client.invalidate(news, in: Self.namespace)
        return state.acknowledge(version, of: source)
    }

    private func verify(
        _ state: AcknowledgedState, _ client: SemblanceClient, _ generator: inout Generator
    ) async throws {
        for entry in state.entriesToVerify(using: &generator) {
            let byKey = try await client.lookup(Lookup(key: ExactKey(UInt128(entry.number))), in: Self.namespace)
            let byVector = try await client.lookup(
                Lookup(vector: vector(entry), threshold: 0.9999), in: Self.namespace)
            for reply in [byKey, byVector] {
                switch state.expectation(entry) {
                case .present: #expect(reply.hit?.entry.payload == payload(entry), "entry \(entry) is lost")
                case .absent: #expect(reply.hit == nil, "entry \(entry) is stale and was served")
                case .either:
                    if let hit = reply.hit { #expect(hit.entry.payload == payload(entry), "entry \(entry) is not whole") }
                }
            }
        }
    }

    private func vector(_ entry: AcknowledgedState.Entry) -> [Float] {
        var generator = Generator(state: UInt64(entry.number) &* 7_919)
        return (0..<48).map { _ in Float.random(in: -1...1, using: &generator) }
    }

    private func payload(_ entry: AcknowledgedState.Entry) -> [UInt8] {
        var generator = Generator(state: UInt64(entry.number))
        return (0..<(entry.number % 3_000 + 1)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
