import CacheModel
import CacheProtocol
import NIOCore
import NIOPosix
import SemblanceClient

/// All workers of a load, each on a thread of its own, and their connections.
final class BenchCrew: Sendable {
    /// How long connecting takes at most, the exchange of HELLO included.
    private static let connectTimeout = TimeAmount.seconds(5)

    private struct Member: Sendable {
        let eventLoop: any EventLoop
        let worker: NIOLoopBound<BenchWorker>
        let gauge: BenchGauge
    }

    private let group: MultiThreadedEventLoopGroup
    private let members: [Member]
    private let greeting: HelloRequest

    var workerCount: Int { members.count }
    var answeredCount: Int { members.reduce(0) { $0 + $1.gauge.answeredCount } }
    var errorCount: Int { members.reduce(0) { $0 + $1.gauge.errorCount } }

    /// Opens no connection yet.
    ///
    /// - Parameter token: shown to the service; empty for none.
    init(workerCount: Int, token: String) async throws {
        greeting = HelloRequest(clientName: "semblance bench", token: Array(token.utf8))
        group = MultiThreadedEventLoopGroup(numberOfThreads: workerCount)
        var members: [Member] = []
        for eventLoop in group.makeIterator() {
            let gauge = BenchGauge()
            let worker = try await eventLoop.submit {
                NIOLoopBound(BenchWorker(on: eventLoop, gauge: gauge), eventLoop: eventLoop)
            }.get()
            members.append(Member(eventLoop: eventLoop, worker: worker, gauge: gauge))
        }
        self.members = members
    }

    /// - Parameter count: of connections in all, at least one for each worker.
    /// - Returns: what the service said of itself.
    /// - Throws: `connection-failed`, or the error that HELLO was answered with.
    func connect(_ address: ServiceAddress, tls: ClientTLS? = nil, count: Int) async throws -> HelloReply {
        let encryption = try ConnectionEncryption(tls, address: address)
        let connecting = (0..<count).map { connect(members[$0 % members.count], address, encryption) }
        var latest: HelloReply?
        for hello in connecting { latest = try await hello.get() }
        guard let latest else { throw CacheError(.internalError, "a load without a connection") }
        return latest
    }

    private func connect(
        _ member: Member, _ address: ServiceAddress, _ encryption: ConnectionEncryption?
    ) -> EventLoopFuture<HelloReply> {
        let eventLoop = member.eventLoop
        let hello = eventLoop.makePromise(of: HelloReply.self)
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(Self.connectTimeout)
            .channelInitializer { [greeting] channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = BenchConnection(greeting: greeting, hello: hello)
                    let pipeline = channel.pipeline.syncOperations
                    try encryption?.add(to: pipeline)
                    try pipeline.addHandler(connection)
                    member.worker.value.add(connection)
                    eventLoop.assumeIsolated().scheduleTask(in: Self.connectTimeout) {
                        connection.closeUnlessOpen()
                    }
                }
            }
        let socket =
            switch address {
            case .network(let host, let port):
                bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        socket.whenFailure { error in
            let detail = ["address": address.description, "cause": String(describing: error)]
            hello.fail(CacheError(.connectionFailed, "the service cannot be reached", detail: detail))
        }
        return hello.futureResult
    }

    /// What one worker does.
    struct Load: Sendable {
        var workload: BenchWorkload
        var plan: BenchWorker.Plan
    }

    /// Runs loads at once, the first on the first worker and so on.
    ///
    /// - Parameter loads: as many as there are workers, or fewer.
    func run(_ loads: [Load]) async throws -> BenchTally {
        let running = zip(members, loads).map { member, load in
            member.eventLoop.flatSubmit { member.worker.value.run(load.workload, load.plan) }
        }
        var tally = BenchTally()
        var failure: (any Error)?
        for load in running {
            do { tally.add(try await load.get()) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        return tally
    }

    func interrupt() {
        for member in members { member.eventLoop.execute { member.worker.value.interrupt() } }
    }

    func close() async {
        for member in members { try? await member.eventLoop.submit { member.worker.value.close() }.get() }
        try? await group.shutdownGracefully()
    }
}
