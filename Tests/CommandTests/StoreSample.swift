import CacheModel
import Foundation
import SemblanceClient
import Testing

@testable import semblance

/// A store to back up, and the commands that do something with its files.
struct StoreSample {
    let folder: TemporaryFolder
    static let namespace = "n"

    init() throws { folder = try TemporaryFolder() }

    var data: String { folder.file("store") }
    var backup: String { folder.file("backup.mdb") }

    /// Does something with a service that runs on the store in this process.
    @discardableResult
    func serve<Value: Sendable>(
        _ body: @Sendable (SemblanceClient) async throws -> Value
    ) async throws -> Value {
        try await ServiceHarness.withService(in: folder) { _, client in try await body(client) }
    }

    /// Entries with keys from `numbers`, which rest on nothing.
    @discardableResult
    static func insert(
        _ numbers: Range<Int>, into client: SemblanceClient, payloadBytes: Int = 100
    ) async throws -> [EntryIdentifier] {
        var stored: [EntryIdentifier] = []
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 100) {
            let part = start..<min(start + 100, numbers.upperBound)
            let outcomes = try await client.insert(
                part.map { number in
                    Insertion(key: ExactKey(UInt128(number)), payload: payload(number, payloadBytes))
                }, in: namespace)
            stored += outcomes.compactMap { if case .stored(let entry, _) = $0 { entry } else { nil } }
        }
        #expect(stored.count == numbers.count)
        return stored
    }

    static func payload(_ number: Int, _ byteCount: Int = 100) -> [UInt8] {
        Array("\(number) ".utf8) + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: byteCount)
    }

    static func found(_ numbers: Range<Int>, in client: SemblanceClient) async throws -> [Int] {
        var found: [Int] = []
        for number in numbers {
            let reply = try await client.lookup(Lookup(key: ExactKey(UInt128(number))), in: namespace)
            if reply.hit != nil { found.append(number) }
        }
        return found
    }

    func run(_ arguments: String..., fileBlocks: Int? = nil) async throws -> BuiltExecutable.Outcome {
        let named = arguments.contains("--backup") ? arguments : arguments + ["--data", data]
        guard let fileBlocks else { return try await BuiltExecutable.run(named) }
        return try await BuiltExecutable.run(named, fileBlocks: fileBlocks)
    }

    /// Names in the folder that a backup might have left.
    var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "store" }.sorted()
        }
    }
}
