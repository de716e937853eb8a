import CacheModel
import Synchronization
import Testing

@testable import semblance

/// Answers each request as a test has it, and keeps what was stored.
private final class ScriptedTarget: InsertionTarget {
    private struct State {
        var requestCount = 0
        var stored: [String] = []
        var pauses: [Int] = []
    }

    private let state = Mutex(State())
    /// The number of the request, from 0, and the row's payload: what becomes of the row.
    private let answer: @Sendable (Int, String) -> CacheError?
    /// Fails a whole request.
    private let failure: @Sendable (Int) -> CacheError?

    init(
        failure: @escaping @Sendable (Int) -> CacheError? = { _ in nil },
        answer: @escaping @Sendable (Int, String) -> CacheError? = { _, _ in nil }
    ) {
        self.failure = failure
        self.answer = answer
    }

    var stored: [String] { state.withLock { $0.stored } }
    var pauses: [Int] { state.withLock { $0.pauses } }
    var requestCount: Int { state.withLock { $0.requestCount } }

    func insert(_ insertions: [Insertion]) async throws -> [InsertOutcome] {
        try state.withLock { state in
            let request = state.requestCount
            state.requestCount += 1
            if let error = failure(request) { throw error }
            return insertions.map { insertion in
                let payload = String(decoding: insertion.payload, as: UTF8.self)
                if let error = answer(request, payload) { return .refused(error) }
                state.stored.append(payload)
                return .stored(EntryIdentifier(UInt64(state.stored.count)), replaced: nil)
            }
        }
    }

    func pause(milliseconds: Int) async throws { state.withLock { $0.pauses.append(milliseconds) } }
}

@Suite struct ImportRunTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(
        rowCount: Int, _ target: ScriptedTarget, lines: [String]? = nil, from state: ImportState? = nil
    ) throws -> ImportRun {
        let rows = NumPyBytes.randomRows(rowCount, dimension: 4, seed: 1)
        let path = folder.file("a.npy")
        if !folder.exists("a.npy") { try folder.write("a.npy", NumPyBytes.float32(rows)) }
        if let lines { try folder.write("a.jsonl", lines.joined(separator: "\n")) }
        let source = try ImportSource(path, payloads: nil)
        let start =
            state
            ?? ImportState(
                vectors: ImportState.File(source.vectors.file), payloads: nil, address: "", namespace: "n",
                rowCount: rowCount, lease: Lease(position: .zero, namespace: 0).description)
        var run = ImportRun(source: source, state: start, target: target, onProgress: { _, _ throws(CacheError) in })
        run.batchRows = 16
        return run
    }

    private let everyRow = (0..<100).map { String($0) }

    @Test func everyRowIsStoredOnce() async throws {
        let target = ScriptedTarget()
        var run = try run(rowCount: 100, target)
        #expect(try await run.run())
        #expect(target.stored.sorted() == everyRow.sorted())
        #expect(run.state.storedCount == 100)
        #expect(target.requestCount == 7)
    }

    @Test func aBusyServiceIsWaitedFor() async throws {
        let busy = CacheError(.overloaded, "busy", detail: ["retry-after-ms": "70"])
        let target = ScriptedTarget(
            failure: { $0 < 5 ? busy : nil },
            answer: { request, payload in request < 12 && payload == "40" ? busy : nil })
        var run = try run(rowCount: 100, target)
        #expect(try await run.run())
        #expect(target.stored.sorted() == everyRow.sorted())
        #expect(target.pauses.contains(70))
    }

    @Test func aRefusedRowDoesNotHinderTheOthers() async throws {
        let target = ScriptedTarget(answer: { $1 == "17" ? CacheError(.staleDependency, "old") : nil })
        var refused: [RefusedRow] = []
        var run = try run(rowCount: 100, target)
        run.onProgress = { _, rows throws(CacheError) in refused += rows }
        #expect(try await run.run())
        #expect(refused == [RefusedRow(row: 17, error: CacheError(.staleDependency, "old"))])
        #expect(run.state.storedCount == 99)
        #expect(run.state.refusedCount == 1)
    }

    @Test func aLineThatCannotBeReadIsARefusedRow() async throws {
        let target = ScriptedTarget()
        var lines = everyRow.map { #"{"payload": "\#($0)"}"# }
        lines[5] = "nonsense"
        lines[99] = #"{"payload": "99", "depend_on": []}"#
        var refused: [Int] = []
        var run = try run(rowCount: 100, target, lines: lines)
        run.onProgress = { _, rows throws(CacheError) in refused += rows.map(\.row) }
        #expect(try await run.run())
        #expect(refused.sorted() == [5, 99])
        #expect(target.stored.count == 98)
    }

    @Test func afterAFailureTheRestIsStoredOnce() async throws {
        let lost = CacheError(.connectionClosed, "lost")
        let target = ScriptedTarget(failure: { $0 == 3 ? lost : nil })
        var first = try run(rowCount: 100, target)
        await #expect(throws: lost) { try await first.run() }
        #expect(!first.state.isComplete)
        #expect(first.state.storedCount == target.stored.count)
        var second = try run(rowCount: 100, target, from: first.state)
        #expect(try await second.run())
        #expect(target.stored.sorted() == everyRow.sorted())
    }

    @Test func rowsOfAFailedRequestThatWereStoredAreNotStoredAgain() async throws {
        let full = CacheError(.storageFull, "full")
        let target = ScriptedTarget(answer: { request, payload in request < 4 && Int(payload)! % 16 > 7 ? full : nil })
        var first = try run(rowCount: 100, target)
        await #expect(throws: full) { try await first.run() }
        #expect(first.state.refusedCount == 0)
        var second = try run(rowCount: 100, target, from: first.state)
        #expect(try await second.run())
        #expect(target.stored.sorted() == everyRow.sorted())
    }

    @Test func anInterruptionLosesNothing() async throws {
        let target = ScriptedTarget()
        var first = try run(rowCount: 100, target)
        first.requestLimit = 2
        first.isInterrupted = { target.requestCount >= 2 }
        #expect(try await first.run() == false)
        #expect((32..<100).contains(first.state.doneCount))
        var second = try run(rowCount: 100, target, from: first.state)
        #expect(try await second.run())
        #expect(target.stored.sorted() == everyRow.sorted())
    }

    @Test func aRequestIsBoundedInBytesToo() throws {
        let payload = String(repeating: "x", count: 3 << 20)
        let lines = (0..<6).map { _ in #"{"payload": "\#(payload)"}"# }
        try folder.write("b.npy", NumPyBytes.float32(NumPyBytes.randomRows(6, dimension: 4, seed: 2)))
        try folder.write("b.jsonl", lines.joined(separator: "\n"))
        var source = try ImportSource(folder.file("b.npy"), payloads: nil)
        var ranges: [Range<Int>] = []
        while let batch = try source.next(rowLimit: 256, now: .now, lease: nil) {
            ranges.append(batch.rows)
            #expect(batch.insertions.map(\.row) == Array(batch.rows))
        }
        #expect(ranges == [0..<2, 2..<4, 4..<6])
    }

    @Test func filesOfDifferentLengthsAreRefused() throws {
        try folder.write("c.npy", NumPyBytes.float32([[1], [2]]))
        try folder.write("c.jsonl", #"{"payload": "one"}"#)
        #expect(throws: CacheError.self) { try ImportSource(folder.file("c.npy"), payloads: nil) }
    }
}
