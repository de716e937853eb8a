import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Synchronization
import VectorSearch

/// An engine with a limit, and what is inserted into it.
struct Session {
    private let options: Options
    private let engine: Engine
    private var random = SystemRandomNumberGenerator()
    private let vectors: [[Float]]
    private let payload: [UInt8]
    private let refused = Refused()

    private final class Refused: Sendable {
        let count = Atomic(0)
    }

    init(_ options: Options) throws {
        self.options = options
        guard !FileManager.default.fileExists(atPath: options.data) else {
            throw Options.Usage(description: "\(options.data) is there already")
        }
        var configuration = EngineConfiguration(directory: options.data, kernels: try Kernels(environment: [:]))
        configuration.storage.durability = options.durability
        configuration.eviction.entryLimit = options.entryCount
        configuration.eviction.order = options.order
        engine = try Engine.open(configuration)
        var random = SystemRandomNumberGenerator()
        vectors = (0..<4_096).map { _ in (0..<options.dimension).map { _ in Float.random(in: -1...1, using: &random) } }
        payload = (0..<options.payloadBytes.upperBound).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    mutating func run() {
        report("empty", insert(options.entryCount))
        for round in 1...options.rounds { report("full, round \(round)", insert(options.entryCount)) }
        engine.close()
    }

    /// - Returns: rows in a second.
    private mutating func insert(_ count: Int) -> Double {
        let room = DispatchSemaphore(value: 0)
        for _ in 0..<options.batchesInFlight { room.signal() }
        let start = ContinuousClock.now
        var left = count
        while left > 0 {
            let insertions = (0..<min(left, options.batchCount)).map { _ in
                Insertion(
                    key: ExactKey(.random(in: 0 ... .max, using: &random)),
                    vector: vectors[Int.random(in: 0..<vectors.count, using: &random)], payload: nextPayload(),
                    costSavedNanodollars: .random(in: 100_000...10_000_000, using: &random))
            }
            left -= insertions.count
            room.wait()
            engine.submit(.insert(InsertBatch(namespace: "benchmark", insertions: insertions))) { [refused] reply in
                var stored = 0
                if case .inserted(let outcomes) = reply {
                    stored = outcomes.count { if case .stored = $0 { true } else { false } }
                }
                refused.count.wrappingAdd(insertions.count - stored, ordering: .relaxed)
                room.signal()
            }
        }
        for _ in 0..<options.batchesInFlight { room.wait() }
        return Double(count) / (start.duration(to: .now) / .seconds(1))
    }

    private mutating func nextPayload() -> [UInt8] {
        let (least, most) = (Double(options.payloadBytes.lowerBound), Double(options.payloadBytes.upperBound))
        guard least < most else { return payload }
        return Array(payload.prefix(Int(least * pow(most / least, Double.random(in: 0..<1, using: &random)))))
    }

    /// What the process has given to the disk so far; 0 where the system does not say.
    private static var writtenBytes: Int {
        let lines = (try? String(contentsOfFile: "/proc/self/io", encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("wchar:") }.flatMap { Int($0.dropFirst(7)) } ?? 0
    }

    private func report(_ name: String, _ rate: Double) {
        let statistics = engine.statistics()
        let evicted = statistics.counts.first { $0.name == "evictions" }?.value ?? 0
        print(
            "\(name): \(Int(rate)) rows/s, \(statistics.entryCount) entries, \(evicted) evicted,",
            "file \(statistics.usedBytes >> 20) MiB, written \(Self.writtenBytes >> 20) MiB, refused \(refused.count.load(ordering: .relaxed))"
        )
    }
}
