import CacheEngine
import CacheModel
import CacheStorage
import Dispatch
import Synchronization
import Testing

@Suite struct WriteQueueTests {
    private static func insert(rows: Int, bytes: Int = 0) -> PendingWrite {
        let insertion = Insertion(key: ExactKey(1), payload: [UInt8](repeating: 0, count: bytes))
        let batch = InsertBatch(namespace: "a", insertions: [Insertion](repeating: insertion, count: rows))
        return PendingWrite(request: .insert(batch)) { _ in }
    }

    private static func bump() -> PendingWrite {
        PendingWrite(request: .invalidate(namespace: "a", [Invalidation(source: "s", change: .bump)])) { _ in }
    }

    private static func rejection(_ queue: WriteQueue, _ write: PendingWrite) -> WriteQueue.Rejection? {
        do throws(WriteQueue.Rejection) { try queue.push(write) } catch { return error }
        return nil
    }

    @Test func aFullQueueRefusesInsertsAndStillTakesInvalidations() {
        let queue = WriteQueue(limit: 3)
        for _ in 0..<3 { #expect(Self.rejection(queue, Self.insert(rows: 1)) == nil) }
        #expect(Self.rejection(queue, Self.insert(rows: 1)) == .full)
        for _ in 0..<3 { #expect(Self.rejection(queue, Self.bump()) == nil) }
        #expect(Self.rejection(queue, Self.bump()) == .full)
        #expect(queue.waitingCount == 6)
    }

    @Test func invalidationsOvertakeInsertsThatCameBefore() throws {
        let queue = WriteQueue(limit: 100)
        try queue.push(Self.insert(rows: 1))
        try queue.push(Self.bump())
        try queue.push(Self.insert(rows: 1))
        try queue.push(Self.bump())
        guard case .invalidations(let first) = queue.next(timeoutMilliseconds: 0) else {
            Issue.record("no news"); return
        }
        #expect(first.count == 2)
        guard case .group(let group) = queue.next(timeoutMilliseconds: 0) else { Issue.record("no group"); return }
        #expect(group.count == 2)
        guard case .idle = queue.next(timeoutMilliseconds: 0) else { Issue.record("not idle"); return }
    }

    @Test func aGroupIsBoundedInRowsAndBytesButTakesOneRequestOfAnySize() throws {
        func sizes(_ writes: [PendingWrite]) throws -> [Int] {
            let queue = WriteQueue(limit: 1_000)
            for write in writes { try queue.push(write) }
            var sizes: [Int] = []
            while case .group(let group) = queue.next(timeoutMilliseconds: 0) { sizes.append(group.count) }
            return sizes
        }
        #expect(try sizes((0..<40).map { _ in Self.insert(rows: 256) }) == [16, 16, 8])
        let half = Self.insert(rows: 1, bytes: Limits.groupBytes / 2)
        #expect(try sizes([half, half, half]) == [1, 1, 1])
        #expect(try sizes([Self.insert(rows: 5, bytes: Limits.groupBytes / 4), half]) == [1, 1])
        #expect(try sizes([Self.insert(rows: Limits.groupRows + 1), Self.insert(rows: 1)]) == [1, 1])
    }

    @Test func aClosedQueueGivesOutWhatWaitsAndTakesNothing() throws {
        let queue = WriteQueue(limit: 10)
        try queue.push(Self.insert(rows: 1))
        try queue.push(Self.bump())
        queue.close()
        #expect(Self.rejection(queue, Self.insert(rows: 1)) == .closed)
        #expect(Self.rejection(queue, Self.bump()) == .closed)
        guard case .invalidations = queue.next(timeoutMilliseconds: nil),
            case .group = queue.next(timeoutMilliseconds: nil),
            case .closed = queue.next(timeoutMilliseconds: nil)
        else { Issue.record("something was lost"); return }
    }
}

@Suite struct ReadQueueTests {
    private static func read(_ count: Int) -> PendingRead {
        PendingRead(request: .lookup(namespace: "a", [Lookup](repeating: Lookup(key: ExactKey(1)), count: count))) {
            _ in
        }
    }

    @Test func aBatchIsBoundedInQueriesButTakesOneRequestOfAnySize() throws {
        let queue = ReadQueue(limit: 100)
        for count in [200, 56, 1, 300, 1, 255, 1] { try queue.push(Self.read(count)) }
        queue.close()
        var batches: [[Int]] = []
        while let batch = queue.next() { batches.append(batch.reads.map(\.request.queryCount)) }
        #expect(batches == [[200, 56], [1], [300], [1, 255], [1]])
    }

    @Test func aBatchIsTheShareOfOneThread() throws {
        let queue = ReadQueue(limit: 100, threads: 2)
        for _ in 0..<10 { try queue.push(Self.read(1)) }
        queue.close()
        var batches: [Int] = []
        while let batch = queue.next() { batches.append(batch.reads.count) }
        #expect(batches == [5, 3, 1, 1])
    }

    @Test func aLongQueueIsTakenInBatchesOfWhichNobodyWaitsLong() throws {
        let queue = ReadQueue(limit: 100)
        for _ in 0..<40 { try queue.push(Self.read(1)) }
        queue.close()
        var batches: [Int] = []
        while let batch = queue.next() { batches.append(batch.reads.count) }
        #expect(batches == [16, 16, 8])
    }

    @Test func aQueueThatIsBehindRefusesUnseenTakesFewAtOnceAndGivesUpWhoHasWaitedTooLong() throws {
        let queue = ReadQueue(limit: 10_000, delayLimitNanoseconds: 1_000_000, threads: 2)
        // Nobody is served for 25 ms, in which one comes each 50 µs.
        var time = MonotonicTime.now
        var taken = 0
        while !queue.isBehind {
            #expect(!queue.turnsAway(at: time))
            try? queue.push(PendingRead(request: Self.read(1).request, at: time) { _ in })
            taken += 1
            time = time.advanced(byNanoseconds: 50_000)
            if taken > 2_000 { Issue.record("it never gets behind"); return }
        }
        #expect(queue.turnsAway(at: time))
        let first = try #require(queue.take(at: time))
        #expect(first.late.count > taken / 2 && first.reads.count == QueueDelay.waitingPerThread)
        let limit = QueueDelay.longestWait * 1_000_000
        #expect(first.late.allSatisfy { time.nanoseconds(since: $0.submittedAt) > limit })
        #expect(first.reads.allSatisfy { time.nanoseconds(since: $0.submittedAt) <= limit })
        while queue.take(at: time) != nil {}
        var fresh = 0
        while !queue.turnsAway(at: time), fresh < 100 {
            try queue.push(PendingRead(request: Self.read(1).request, at: time) { _ in })
            fresh += 1
        }
        #expect(fresh == 2 * QueueDelay.waitingPerThread)
        #expect(throws: WriteQueue.Rejection.full) {
            try queue.push(PendingRead(request: Self.read(1).request, at: time) { _ in })
        }
        let batch = try #require(queue.take(at: time))
        #expect(batch.reads.count == QueueDelay.waitingPerThread && batch.late.isEmpty)
    }

    @Test func aFullQueueRefusesAndAClosedOneToo() throws {
        let queue = ReadQueue(limit: 2)
        for _ in 0..<2 { try queue.push(Self.read(1)) }
        #expect(throws: WriteQueue.Rejection.full) { try queue.push(Self.read(1)) }
        queue.close()
        #expect(throws: WriteQueue.Rejection.closed) { try queue.push(Self.read(1)) }
        #expect(queue.next()?.reads.count == 2 && queue.next() == nil)
    }
}

/// The engine with a thread held up in the middle of its work, so that what waits behind it is known.
@Suite struct EngineQueueTests {
    /// Holds a thread until it is opened.
    private final class Gate: Sendable {
        private let isClosed = Atomic<Bool>(false)
        private let arrived = DispatchSemaphore(value: 0)
        private let opened = DispatchSemaphore(value: 0)

        func close() { isClosed.store(true, ordering: .releasing) }

        /// Called by the thread that is to be held.
        func pass() {
            guard isClosed.exchange(false, ordering: .acquiringAndReleasing) else { return }
            arrived.signal()
            opened.wait()
        }

        func waitForArrival() { arrived.wait() }
        func open() { opened.signal() }
    }

    private final class GatedClock: WallClock {
        let gate = Gate()
        var now: Timestamp {
            gate.pass()
            return Timestamp(milliseconds: 1_700_000_000_000)
        }
    }

    /// What was answered, in the order of the answers.
    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        private let semaphore = DispatchSemaphore(value: 0)

        func write(_ line: String) {
            lines.withLock { $0.append(line) }
            semaphore.signal()
        }

        func wait(for count: Int) -> [String] {
            for _ in 0..<count { semaphore.wait() }
            return lines.withLock { $0 }
        }
    }

    private static func text(_ reply: WriteReply) -> String {
        switch reply {
        case .inserted(let outcomes): outcomes.map { $0.code?.rawValue ?? "stored" }.joined(separator: " ")
        case .invalidated: "invalidated"
        case .failed(let error): "\(error.code.rawValue) \(error.detail["retry-after-ms"] ?? "")"
        default: "other"
        }
    }

    private static func insert(_ number: Int) -> WriteRequest {
        .insert(
            InsertBatch(
                namespace: EngineHarness.namespace,
                insertions: [Insertion(key: ExactKey(UInt128(number)), payload: [])]))
    }

    private static let bump = WriteRequest.invalidate(
        namespace: EngineHarness.namespace, [Invalidation(source: "kb", change: .bump)])

    @Test func aFullWriteQueueAnswersOverloadedAtOnceAndInvalidationsGoFirst() throws {
        let gate = Gate()
        let harness = try EngineHarness { configuration in
            configuration.writeQueueLimit = 4
            configuration.storage.commitFault = { _ in
                gate.pass()
                return 0
            }
        }
        let log = Log()
        gate.close()
        harness.engine.submit(Self.insert(0)) { log.write("first \(Self.text($0))") }
        gate.waitForArrival()
        for number in 1...4 { harness.engine.submit(Self.insert(number)) { log.write("insert \(Self.text($0))") } }
        harness.engine.submit(Self.insert(5)) { log.write("late \(Self.text($0))") }
        harness.engine.submit(Self.bump) { log.write("bump \(Self.text($0))") }
        #expect(log.wait(for: 1) == ["late overloaded 20"])
        gate.open()
        #expect(
            log.wait(for: 6) == [
                "late overloaded 20", "first stored", "bump invalidated", "insert stored", "insert stored",
                "insert stored",
                "insert stored",
            ])
        #expect(harness.counter("overloaded") == 1)
        #expect(harness.description()?.entryCount == 5)
    }

    @Test func lookupsThatComeFasterThanTheyAreAnsweredAreRefusedAndKeptFromTheCallersThread() throws {
        let clock = GatedClock()
        let harness = try EngineHarness { configuration in
            configuration.clock = clock
            configuration.searchThreads = 1
            configuration.lookupDelayLimitMilliseconds = 1
        }
        let engine = harness.engine
        let log = Log()
        let lookup = ReadRequest.lookup(namespace: EngineHarness.namespace, [Lookup(key: ExactKey(1))])
        #expect(engine.lookupRefusal() == nil && engine.answerInline(lookup, limit: .brief) != nil)
        clock.gate.close()
        engine.submit(lookup) { _ in log.write("answered") }
        clock.gate.waitForArrival()
        var count = 1
        while engine.lookupRefusal() == nil, count < 8_000 {
            engine.submit(lookup) { reply in
                if case .failed(let error) = reply { log.write(error.code.rawValue) } else { log.write("answered") }
            }
            count += 1
            let next = MonotonicTime.now.advanced(byNanoseconds: 20_000)
            while MonotonicTime.now.nanoseconds(since: next) < 0 {}
        }
        #expect(engine.lookupRefusal()?.code == .overloaded)
        #expect(engine.answerInline(lookup, limit: .brief) == nil)
        clock.gate.open()
        // Whoever waited for too long is refused as well, everybody is told.
        let lines = log.wait(for: count)
        #expect(lines.allSatisfy { $0 == "answered" || $0 == "overloaded" } && lines.contains("overloaded"))
        #expect(harness.counter("overloaded") >= lines.count { $0 == "overloaded" })
    }

    @Test func closingAnswersWhatWaitsAndRefusesWhatComes() throws {
        let gate = Gate()
        let harness = try EngineHarness { configuration in
            configuration.storage.commitFault = { _ in
                gate.pass()
                return 0
            }
        }
        let log = Log()
        let engine = harness.engine
        gate.close()
        engine.submit(Self.insert(0)) { log.write("insert \(Self.text($0))") }
        gate.waitForArrival()
        for number in 1...3 { engine.submit(Self.insert(number)) { log.write("insert \(Self.text($0))") } }
        engine.submit(Self.bump) { log.write("bump \(Self.text($0))") }
        let closing = WorkerThread {
            engine.close()
            log.write("closed")
        }
        gate.open()
        closing.join()
        let lines = log.wait(for: 6)
        #expect(lines.last == "closed")
        #expect(lines.count { $0 == "insert stored" } == 4 && lines.contains("bump invalidated"))
        engine.submit(Self.insert(9)) { log.write("insert \(Self.text($0))") }
        engine.submit(.get(namespace: "a", scope: nil, entry: EntryIdentifier(1))) { reply in
            if case .failed(let error) = reply { log.write("get \(error.code.rawValue)") }
        }
        #expect(log.wait(for: 2).suffix(2) == ["insert shutting-down ", "get shutting-down"])
        engine.close()
        try harness.reopen()
        #expect(harness.description()?.entryCount == 4)
    }

    @Test func aFullLookupQueueAnswersOverloadedAtOnce() throws {
        let clock = GatedClock()
        let harness = try EngineHarness { configuration in
            configuration.clock = clock
            configuration.lookupQueueLimit = 2
        }
        harness.insert(Insertion(key: ExactKey(1), payload: [1]))
        let log = Log()
        func lookUp(_ name: String) {
            harness.engine.submit(.lookup(namespace: EngineHarness.namespace, [Lookup(key: ExactKey(1))])) { reply in
                switch reply {
                case .lookup(let replies): log.write("\(name) \(replies[0].hits.count)")
                case .failed(let error):
                    log.write("\(name) \(error.code.rawValue) \(error.detail["retry-after-ms"] ?? "")")
                case .entry, .page: log.write("\(name) entry")
                }
            }
        }
        clock.gate.close()
        lookUp("first")
        clock.gate.waitForArrival()
        for name in ["second", "third", "late"] { lookUp(name) }
        #expect(log.wait(for: 1) == ["late overloaded 20"])
        clock.gate.open()
        #expect(log.wait(for: 3) == ["late overloaded 20", "first 1", "second 1", "third 1"])
    }
}
