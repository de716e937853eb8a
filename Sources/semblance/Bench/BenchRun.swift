import CacheModel
import CacheProtocol
import NIOCore
import SemblanceClient

/// A load from beginning to end: loads the rows, connects, sends, and tells what came of it.
struct BenchRun {
    /// Pings before the load, one after the other: so many, and for no longer.
    private static let pingCount = 200
    private static let pingNanoseconds: UInt64 = 500_000_000

    let settings: BenchSettings
    let material: BenchMaterial
    let address: ServiceAddress
    var tls: ClientTLS?
    /// Asked now and then; once true, the load ends early.
    var isInterrupted: @Sendable () -> Bool = { false }
    /// Called as rows are loaded.
    var onRowsStored: (_ count: Int, _ elapsed: Duration) -> Void = { _, _ in }
    /// Called now and then while the load runs.
    var onProgress: (_ answered: Int, _ errors: Int, _ elapsed: Duration) -> Void = { _, _, _ in }

    /// - Parameter loadsRows: whether the rows of the vectors are to be inserted first.
    /// - Throws: `CacheError` where there was nothing to be measured; errors of single requests are counted instead.
    func run(loadsRows: Bool) async throws -> BenchResult {
        var configuration = ClientConfiguration()
        configuration.clientName = "semblance bench"
        configuration.token = settings.token
        configuration.connectionLimit = 1
        configuration.tls = tls
        configuration.requestTimeout = .milliseconds(max(60_000, settings.timeoutMilliseconds))
        let client = try SemblanceClient(address: address, configuration: configuration)
        do {
            let result = try await run(client, loadsRows: loadsRows && material.vectors != nil)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    private func run(_ client: SemblanceClient, loadsRows: Bool) async throws -> BenchResult {
        try await check(client, willExist: loadsRows)
        var result = BenchResult(settings: settings, material: material, address: address)
        let isChanging = settings.mix.includes(.insert) || settings.mix.includes(.invalidate)
        let sources = loadsRows || isChanging ? try await sources(client) : []
        if loadsRows {
            let clock = ContinuousClock()
            let start = clock.now
            let loader = BenchLoader(
                client: client, material: material, sources: sources,
                onProgress: { onRowsStored($0, clock.now - start) }, isInterrupted: isInterrupted)
            let outcome = try await loader.run()
            result.load = outcome
            result.isInterrupted = outcome.isInterrupted
            guard !outcome.isInterrupted else { return result }
        }
        let lease = isChanging ? try await client.lease(in: material.namespace) : nil
        result.entryCount = try await description(client)?.entryCount ?? 0

        let threads = min(settings.threadCount, settings.connectionCount, isChanging ? material.sourceCount : .max)
        let crew = try await BenchCrew(workerCount: threads, token: settings.token)
        do {
            try await measure(crew, sources: isChanging ? sources : [], lease: lease, into: &result)
            await crew.close()
        } catch {
            await crew.close()
            throw error
        }
        return result
    }

    // MARK: Before the load

    private func description(_ client: SemblanceClient) async throws -> NamespaceDescription? {
        try await client.namespaces().first { Name($0.name) == Name(material.namespace) }
    }

    /// - Throws: `namespace-not-found`, `dimension-mismatch`: an error each time would say the same, only later.
    private func check(_ client: SemblanceClient, willExist: Bool) async throws {
        guard let namespace = try await description(client) else {
            guard willExist || !settings.mix.includes(.lookup) else {
                throw CacheError(
                    .namespaceNotFound, "there is nothing to look up in; --vectors says what to fill it with",
                    detail: ["namespace": material.namespace])
            }
            return
        }
        if let expected = namespace.settings.dimension, let got = material.dimension, expected != got {
            throw CacheError(
                .dimensionMismatch, "the namespace \(namespace.name) holds vectors of another length",
                detail: ["expected": "\(expected)", "got": "\(got)"])
        }
    }

    /// Where an earlier load, or somebody else, has left the sources.
    private func sources(_ client: SemblanceClient) async throws -> [BenchSource] {
        var sources: [BenchSource] = []
        for start in stride(from: 0, to: material.sourceCount, by: Limits.namedSourceCount) {
            let names = (start..<min(material.sourceCount, start + Limits.namedSourceCount)).map(BenchMaterial.source)
            for state in try await client.sourceStates(names, in: material.namespace) {
                sources.append(try BenchSource(state, index: sources.count))
            }
        }
        return sources
    }

    // MARK: The load

    private func measure(
        _ crew: BenchCrew, sources: [BenchSource], lease: Lease?, into result: inout BenchResult
    ) async throws {
        let hello = try await crew.connect(address, tls: tls, count: settings.connectionCount)
        let limit = hello.limits[.requestsInFlight]
        if let asked = settings.pipelineLimit, asked > limit {
            throw CacheError(
                .invalidArgument, "the service takes at most \(limit) requests in flight on a connection",
                detail: ["field": "pipeline", "limit": "\(limit)", "got": "\(asked)"])
        }
        result.serverVersion = hello.serverVersion
        result.pipelineLimit = settings.pipelineLimit ?? limit
        result.threadCount = crew.workerCount
        let timeout = UInt64(settings.timeoutMilliseconds) * 1_000_000
        result.ping = try await ping(crew, timeout)[.ping].latency

        let timetables = (0..<crew.workerCount).map { timetable($0, of: crew.workerCount) }
        result.timetable = timetables[0]
        // A moment from now, so that all workers begin together.
        let start = NIODeadline.now().uptimeNanoseconds + 2_000_000
        let loads = timetables.enumerated().map { worker, timetable in
            BenchCrew.Load(
                workload: BenchWorkload(
                    material, mix: settings.mix, worker: worker, workerCount: crew.workerCount, sources: sources,
                    lease: lease),
                plan: BenchWorker.Plan(
                    startNanoseconds: start, endNanoseconds: settings.seconds.map { start + UInt64($0 * 1e9) },
                    timetable: timetable, pipelineLimit: result.pipelineLimit, timeoutNanoseconds: timeout))
        }
        (result.tally, result.isInterrupted) = try await watch(crew, loads)
    }

    /// Nothing but the sockets and the two programs' threads: the least that a request takes.
    private func ping(_ crew: BenchCrew, _ timeoutNanoseconds: UInt64) async throws -> BenchTally {
        let now = NIODeadline.now().uptimeNanoseconds
        let plan = BenchWorker.Plan(
            startNanoseconds: now, endNanoseconds: now + Self.pingNanoseconds, pipelineLimit: 1,
            requestLimit: Self.pingCount, connectionLimit: 1, timeoutNanoseconds: timeoutNanoseconds)
        return try await crew.run([BenchCrew.Load(workload: BenchWorkload(material, mix: .pings), plan: plan)])
    }

    /// Runs the load and shows how it goes.
    ///
    /// - Returns: what came of it, and whether it was ended early.
    private func watch(_ crew: BenchCrew, _ loads: [BenchCrew.Load]) async throws -> (BenchTally, Bool) {
        let clock = ContinuousClock()
        let start = clock.now
        let before = (answered: crew.answeredCount, errors: crew.errorCount)
        var isStopping = false
        let tally = try await withThrowingTaskGroup(of: BenchTally?.self) { group in
            group.addTask { try await crew.run(loads) }
            while true {
                group.addTask {
                    try await Task.sleep(for: .milliseconds(100))
                    return nil
                }
                guard let event = try await group.next() else { return BenchTally() }
                if let tally = event {
                    group.cancelAll()
                    return tally
                }
                if !isStopping, isInterrupted() {
                    isStopping = true
                    crew.interrupt()
                }
                onProgress(
                    crew.answeredCount - before.answered, crew.errorCount - before.errors, clock.now - start)
            }
        }
        return (tally, isStopping)
    }

    private func timetable(_ worker: Int, of workerCount: Int) -> BenchTimetable? {
        guard case .perSecond(let rate) = settings.rate else { return nil }
        let count =
            settings.isOnce
            ? material.lookups.count : settings.seconds.map { BenchTimetable.requestCount(rate: rate, seconds: $0) }
        return BenchTimetable(rate: rate, requestCount: count, worker: worker, workerCount: workerCount)
    }
}
