import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Testing

// Tests that run in a process of their own came with Swift 6.2; elsewhere the crash campaign has to do.
#if compiler(>=6.2)
    /// A file that has lost its end. Where the store does not notice in time, the system kills the process, so each test has
    /// one of its own.
    @Suite struct RecoveryTruncationTests {
        private static let count = 400

        private static func insertion(_ number: Int) -> Insertion {
            var vector = [Float](repeating: 0.1, count: 202)
            vector[number % 202] = number < 202 ? 5 : -5
            return Insertion(
                key: ExactKey(UInt128(number)), vector: vector,
                payload: [UInt8](repeating: UInt8(number % 256), count: 500), tags: ["t\(number % 7)"])
        }

        /// Makes a store, cuts its file to `eighths` eighths and `offset` bytes, and opens it: what is served must be what was
        /// stored.
        private static func cutAndOpen(eighths: Int, offset: Int) throws {
            let harness = try EngineHarness { $0.storage.durability = .relaxed }
            for start in stride(from: 0, to: count, by: 40) {
                harness.insert((start..<start + 40).map(insertion))
                harness.delete([EntryIdentifier(UInt64(start + 3))]).forEach { precondition($0) }
            }
            harness.engine.close()
            let url = URL(filePath: harness.storePath + "/data.mdb")
            let bytes = try Data(contentsOf: url)
            try bytes.prefix(bytes.count * eighths / 8 + offset).write(to: url)
            try harness.reopen()
            var served = 0
            for number in 0..<count {
                let wanted = insertion(number)
                for lookup in [Lookup(key: wanted.key), Lookup(vector: wanted.vector, threshold: 0.99)] {
                    guard let hit = harness.lookup(lookup).hits.first else { continue }
                    precondition(hit.entry.payload == wanted.payload)
                    served += 1
                }
            }
            let report = harness.engine.opening
            precondition(report.quarantinedTo == nil || served == 0 && report.isFenced)
            // Without a tag, which a fenced store takes under a lease only.
            precondition(harness.insert(Insertion(key: ExactKey(1 << 100), payload: [1])).entry != nil)
            harness.engine.close()
        }

        @Test func aFileCutInItsFirstHalf() async {
            await #expect(processExitsWith: .success) {
                for eighths in 0..<4 { try Self.cutAndOpen(eighths: eighths, offset: 4_096) }
            }
        }

        @Test func aFileCutInItsSecondHalf() async {
            await #expect(processExitsWith: .success) {
                for eighths in 4..<8 { try Self.cutAndOpen(eighths: eighths, offset: 0) }
            }
        }

        @Test func aFileCutInTheMiddleOfAPage() async {
            await #expect(processExitsWith: .success) {
                for eighths in [1, 3, 5, 7] { try Self.cutAndOpen(eighths: eighths, offset: 1_234) }
            }
        }

        @Test func aFileThatHasLostItsLastPage() async {
            await #expect(processExitsWith: .success) {
                try Self.cutAndOpen(eighths: 8, offset: -4_096)
                try Self.cutAndOpen(eighths: 8, offset: -1)
            }
        }
    }
#endif
