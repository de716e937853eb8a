import AsyncHTTPClient
import BenchmarkHarness
import Foundation
import GatewayCampaign
import GatewayCore
import NIOCore
import NIOHTTP1
import Synchronization

/// Many streams at the same time, and what memory the gateway needs for them.
struct StreamsBenchmark {
    let options: Options

    private static let slowReaders = 100
    private static let flood = 64 << 20
    private static let floodPiece = AnswerForms.chunk(
        AnswerForms.events(.chatCompletions, [String(repeating: "more and more ", count: 1_000)])[1])

    func run(_ report: Report) async throws {
        try Self.raiseFileLimit()
        let events = options.streamEvents
        let upstream = try await AnsweringServer.start { Self.answer($0, events: events) }
        let services = try Services(
            binaries: options.binaries, settings: ["upstreams.fake.base-url": "http://127.0.0.1:\(upstream.port)/v1"])
        defer { services.end() }
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 2_000
        let http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
        do {
            try await talk(http, services, report)
            try await flood(http, services, report)
        } catch {
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
        await upstream.stop()
    }

    private static func answer(_ request: AnsweringServer.Request, events count: Int) -> AnsweringServer.Answer {
        let root = try? JSONDocument(request.body, limits: .answer).root
        guard let number = root?["metadata"]?["canary"]?.stringValue.flatMap({ Int($0) }) else {
            let pieces = flood / floodPiece.utf8.count
            return .init(count: pieces + 1) { ByteBuffer(string: $0 == 0 ? AnswerForms.streamHead : floodPiece) }
        }
        let events = AnswerForms.events(.chatCompletions, Canary.words(number, count: count))
        let pieces = [AnswerForms.streamHead] + events.map(AnswerForms.chunk) + [AnswerForms.streamEnd]
        return .init(interval: .milliseconds(100), count: pieces.count) { ByteBuffer(string: pieces[$0]) }
    }

    // MARK: Slow upstreams

    private func talk(_ http: HTTPClient, _ services: Services, _ report: Report) async throws {
        // Once over everything, so that what is made once is there.
        _ = try await streams(10, firstNumber: 0, http, services)
        let before = Child.anonymousBytes(of: services.gateway.identifier)
        let peak = Peak(services.gateway.identifier)
        let good = try await streams(options.streams, firstNumber: 1_000, http, services)
        let most = peak.end()
        try await Task.sleep(for: .seconds(2))
        let after = Child.anonymousBytes(of: services.gateway.identifier)
        report.line("## Streams")
        report.line()
        report.line(
            "\(options.streams) at the same time, \(options.streamEvents) events each, one in 100 ms; every one of them another "
                + "request. Anonymous memory of the gateway's process.")
        report.line()
        report.line("| streams | whole, and nothing of another in it | before | most | for each stream | after |")
        report.line("|---|---|---|---|---|---|")
        let each = (most - before) / options.streams
        report.line(
            "| \(options.streams) | \(good) | \(Self.mebibytes(before)) | \(Self.mebibytes(most)) "
                + "| \(each >> 10) KiB | \(Self.mebibytes(after)) |")
        report.line()
        guard good == options.streams else { throw Failure("\(options.streams - good) streams are not as they were sent") }
    }

    /// - Returns: how many were whole, and their own.
    private func streams(
        _ count: Int, firstNumber: Int, _ http: HTTPClient, _ services: Services
    ) async throws -> Int {
        let (events, port) = (options.streamEvents, services.port)
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in firstNumber..<firstNumber + count {
                group.addTask {
                    let response = try await Self.ask(
                        "Tell me story \(number).", #","metadata":{"canary":"\#(number)"}"#, http, port)
                    let body = Array(buffer: try await response.body.collect(upTo: 1 << 22))
                    return Canary.number(in: body, count: events) == number && body.suffix(16).contains("[DONE]".utf8)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    // MARK: Slow readers

    private func flood(_ http: HTTPClient, _ services: Services, _ report: Report) async throws {
        let before = Child.anonymousBytes(of: services.gateway.identifier)
        let peak = Peak(services.gateway.identifier)
        let (seconds, port) = (options.seconds * 3, services.port)
        let read = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<Self.slowReaders {
                group.addTask {
                    let response = try await Self.ask("Tell me a long story \(number).", "", http, port)
                    let start = ContinuousClock.now
                    var count = 0
                    for try await buffer in response.body {
                        count += buffer.readableBytes
                        try await Task.sleep(for: .milliseconds(100))
                        if ContinuousClock.now - start > .seconds(seconds) { break }
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        let most = peak.end()
        try await Task.sleep(for: .seconds(2))
        let after = Child.anonymousBytes(of: services.gateway.identifier)
        report.line(
            "\(Self.slowReaders) clients that take a piece in 100 ms, \(seconds) s long, of answers of "
                + "\(Self.flood >> 20) MiB that the upstream sends as fast as it can:")
        report.line()
        report.line("| read by each | before | most | for each stream | after |")
        report.line("|---|---|---|---|---|")
        report.line(
            "| \(Self.mebibytes(read / Self.slowReaders)) | \(Self.mebibytes(before)) | \(Self.mebibytes(most)) "
                + "| \(Self.mebibytes((most - before) / Self.slowReaders)) | \(Self.mebibytes(after)) |")
        report.line()
    }

    // MARK: Both

    private static func ask(
        _ question: String, _ extra: String, _ http: HTTPClient, _ port: Int
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(ModelAPI.chatCompletions.path)")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(
            ByteBuffer(
                string:
                    #"{"model":"m-1","stream":true,"stream_options":{"include_usage":true},"#
                    + #""messages":[{"role":"user","content":"\#(question)"}]\#(extra)}"#))
        let response = try await http.execute(request, timeout: .seconds(600))
        guard response.status == .ok else { throw Failure("a stream has the status \(response.status)") }
        return response
    }

    private static func mebibytes(_ bytes: Int) -> String {
        let tenths = (bytes * 10 + (1 << 19)) >> 20
        return "\(tenths / 10).\(tenths % 10) MiB"
    }

    /// Two connections for each stream.
    private static func raiseFileLimit() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur >= 8_192 else { throw Failure("8,192 open files are needed: ulimit -n") }
    }
}

/// The most memory that a process was seen with, looked at every 20 ms.
private final class Peak: Sendable {
    private let most = Mutex(0)
    private let isOver = Mutex(false)

    init(_ process: Int32) {
        Task { [self] in
            while !isOver.withLock({ $0 }) {
                let bytes = Child.anonymousBytes(of: process)
                most.withLock { $0 = max($0, bytes) }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    func end() -> Int {
        isOver.withLock { $0 = true }
        return most.withLock { $0 }
    }
}
