import BenchmarkHarness
import GatewayCampaign
import NIOCore
import NIOPosix
import Synchronization

/// As many exact hits as there can be, over several connections that each wait for one answer before the next.
struct ThroughputBenchmark {
    let options: Options
    private static let connections = 64

    func run(_ report: Report) async throws {
        let upstream = try await Workload.startUpstream()
        let proxy = try PlainProxy(upstreamPort: upstream.port, answer: Workload.answer)
        defer { proxy.end() }
        let services = try Services(
            binaries: options.binaries, settings: ["upstreams.fake.base-url": "http://127.0.0.1:\(upstream.port)/v1"])
        defer { services.end() }
        let same = Workload.request("The same again?")
        let first = try Connection(port: services.port)
        for _ in 0..<10 { _ = try first.ask(same) }
        guard try first.ask(same).header("x-semblance-cache") == "hit" else { throw Failure("nothing is stored") }
        first.close()
        let uncached = Workload.request("The same again?", headers: "cache-control: no-cache, no-store\r\n")
        let ways = [
            ("gateway, exact hits", services.port, services.gateway, same),
            ("gateway → upstream, cache not asked", services.port, services.gateway, uncached),
            ("nginx → upstream", proxy.port, proxy.child, same),
            (
                "nginx, an answer of its own", proxy.port, proxy.child,
                Workload.request("The same again?", path: "/own")
            ),
        ]
        var rates = [[Double]](repeating: [], count: ways.count)
        var costs = rates
        for round in 0..<max(3, options.rounds / 3) {
            for index in round % 2 == 0 ? Array(ways.indices) : ways.indices.reversed() {
                let (_, port, child, request) = ways[index]
                let before = Child.processorSeconds(of: child.identifier)
                let (rate, count) = try await rate(port, request)
                rates[index].append(rate)
                costs[index].append((Child.processorSeconds(of: child.identifier) - before) / Double(count))
            }
        }
        report.line("## Throughput")
        report.line()
        report.line(
            "\(Self.connections) connections, responses a second; medians of \(rates[0].count) rounds of \(options.seconds) s. The "
                + "driver needs a part of the same processors.")
        report.line()
        report.line("| way | responses/s | processor time of its process for each, µs |")
        report.line("|---|---|---|")
        for (index, way) in ways.enumerated() {
            let cost = Int((costs[index].median * 1e6).rounded())
            report.line("| \(way.0) | \(Int(rates[index].median.rounded())) | \(cost) |")
        }
        report.line()
        await upstream.stop()
    }

    private func rate(_ port: Int, _ request: [UInt8]) async throws -> (perSecond: Double, count: Int) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let meter = Meter()
        let bytes = ByteBuffer(bytes: request)
        var channels: [any Channel] = []
        for _ in 0..<Self.connections {
            channels.append(
                try await ClientBootstrap(group: group)
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(AskingHandler(bytes, meter))
                        }
                    }
                    .connect(host: "127.0.0.1", port: port).get())
        }
        try await Task.sleep(for: .milliseconds(200))
        let (before, start) = (meter.count, ContinuousClock.now)
        try await Task.sleep(for: .seconds(options.seconds))
        let rate = Double(meter.count - before) / ((ContinuousClock.now - start) / .seconds(1))
        for channel in channels { try? await channel.close() }
        try await group.shutdownGracefully()
        if meter.failureCount > 0 { throw Failure("\(meter.failureCount) responses have another status than 200") }
        return (rate, meter.count)
    }
}

private final class Meter: Sendable {
    private let counts = Mutex((answers: 0, failures: 0))

    var count: Int { counts.withLock(\.answers) }
    var failureCount: Int { counts.withLock(\.failures) }

    func record(isGood: Bool) {
        counts.withLock {
            $0.answers += 1
            if !isGood { $0.failures += 1 }
        }
    }
}

/// Asks, and asks again when the answer is there. Reads no more of it than where it ends.
private final class AskingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: ByteBuffer
    private let meter: Meter
    private var heard = ByteBuffer()
    private var length: Int?
    private static let good = Array("HTTP/1.1 200".utf8)
    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let lengthName = Array("content-length:".utf8)

    init(_ request: ByteBuffer, _ meter: Meter) {
        self.request = request
        self.meter = meter
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heard.writeImmutableBuffer(unwrapInboundIn(data))
        if length == nil, let end = heard.readableBytesView.firstRange(of: Self.headEnd) {
            let head = heard.readableBytesView[..<end.upperBound].map { $0 | ($0 >= 0x41 && $0 <= 0x5a ? 0x20 : 0) }
            guard let name = head.firstRange(of: Self.lengthName) else { return context.close(promise: nil) }
            let digits = head[name.upperBound...].drop { $0 == 0x20 }.prefix { $0 >= 0x30 && $0 <= 0x39 }
            length = head.count + digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard let length, heard.readableBytes >= length else { return }
        meter.record(isGood: heard.readableBytesView.starts(with: Self.good))
        heard.clear()
        self.length = nil
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }
}
