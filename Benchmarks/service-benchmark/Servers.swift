import BenchmarkHarness
import CacheModel
import Foundation
import ServiceLoad

/// `semblance serve` as it is released, with its defaults but for metrics, which nobody reads here.
final class SemblanceServer {
    let child: Child
    let port: Int

    init(_ options: Options, data: URL, log: URL, processor: Int? = nil) throws {
        child = try Child(
            options.binaries.appending(path: "semblance").path,
            [
                "serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off", "--data", data.path,
                "--log-level", "warning",
            ],
            processor: processor, log: log)
        guard let port = Int(try child.announcement(after: "127.0.0.1:").trimmingCharacters(in: .whitespaces)) else {
            child.end()
            throw Failure("semblance does not say its port")
        }
        self.port = port
    }

    var address: String { "127.0.0.1:\(port)" }

    /// Waits until it is idle: what it does in the background belongs to what it was asked.
    func settle() {
        var before = Child.processorSeconds(of: child.identifier)
        var idle = 0
        for _ in 0..<600 where idle < 3 {
            usleep(500_000)
            let now = Child.processorSeconds(of: child.identifier)
            idle = now - before < 0.02 ? idle + 1 : 0
            before = now
        }
    }

    /// Stores rows in batches of 256, four requests under way, each with a payload.
    func fill(_ namespace: String, _ rows: Range<Int>, _ vectors: ClusteredVectors, payload: [UInt8]) throws {
        let connection = try BlockingConnection.service(port: port)
        var underWay = 0
        func take() throws {
            if case .refused(let code) = try connection.serviceReply().reply {
                throw Failure("an insert was refused: \(ServiceReply.name(of: code))")
            }
            underWay -= 1
        }
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Limits.batchCount) {
            let batch = (start..<min(start + Limits.batchCount, rows.upperBound)).map {
                Insertion(vector: vectors.row($0), payload: payload)
            }
            var frame = try ServiceFrame.insert(batch, namespace: namespace)
            ServiceFrame.setIdentifier(UInt64(start + 1), of: &frame)
            if underWay == 4 { try take() }
            try connection.send(frame)
            underWay += 1
        }
        while underWay > 0 { try take() }
    }
}

/// Redis, with or without a log of what was written, and `redis-benchmark` against it.
final class RedisServer {
    let child: Child
    let port: Int
    private let processor: Int?

    init(folder: URL, keepsEverything: Bool = false, processor: Int? = nil) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try LoopbackPort.free()
        self.processor = processor
        child = try Child(
            "redis-server",
            [
                "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly",
                keepsEverything ? "yes" : "no", "--appendfsync", "always", "--dir", folder.path, "--loglevel",
                "warning",
            ],
            processor: processor, log: folder.appending(path: "redis.log"))
        try LoopbackPort.wait(for: port, "redis-server")
    }

    /// The figures of one test of `redis-benchmark`, by the names of its columns.
    func benchmark(_ test: String, _ arguments: [String]) throws -> [String: Double] {
        let text = try Child(
            "redis-benchmark", ["-p", String(port), "-t", test, "--csv"] + arguments, processor: processor
        ).wholeOutput()
        guard let figures = RedisWire.figures(of: text) else {
            throw Failure("redis-benchmark says something unexpected:\n\(text)")
        }
        return figures
    }
}

extension SemblanceServer {
    func end() { child.end(patienceSeconds: 60) }
}

extension RedisServer {
    func end() { child.end() }
}
