import CacheModel
import CacheProtocol
import NIOCore

/// The part of a load that one thread sends: a few connections, a timetable where there is one, and a tally.
/// Everything happens on one event loop.
final class BenchWorker: BenchConnectionOwner {
    /// How a load is sent. Times are nanoseconds of the event loop's clock.
    struct Plan: Sendable {
        var startNanoseconds: UInt64
        /// Nothing is sent from then on; nil for no such time.
        var endNanoseconds: UInt64?
        /// Nil for a closed loop.
        var timetable: BenchTimetable?
        /// Requests in flight on a connection at most.
        var pipelineLimit: Int
        /// Requests in all at most.
        var requestLimit = Int.max
        /// Connections that are used, the first ones.
        var connectionLimit = Int.max
        /// Without a reply for so long, what is in flight is given up.
        var timeoutNanoseconds: UInt64
    }

    private let eventLoop: any EventLoop
    private let gauge: BenchGauge
    private var connections: [BenchConnection] = []
    private var load: Load?

    /// A load under way. A class, so that its tally is never copied while something holds it.
    private final class Load {
        let plan: Plan
        var workload: BenchWorkload
        let connections: [BenchConnection]
        var tally = BenchTally()
        let promise: EventLoopPromise<BenchTally>
        var isSending = true
        var sentCount = 0
        /// The connection that is looked at first for the next request.
        var turn = 0
        var timer: (dueNanoseconds: UInt64, task: Scheduled<Void>)?
        /// Since when a request is due and there is no room for it; nil when that is not so.
        var blockedSinceNanoseconds: UInt64?
        /// When something came last, or was sent while nothing was in flight on its connection.
        var activeNanoseconds: UInt64
        var failure: CacheError?
        /// For the gauge, since the last report.
        var answeredCount = 0
        var errorCount = 0

        init(
            _ plan: Plan, _ workload: BenchWorkload, _ connections: [BenchConnection],
            _ promise: EventLoopPromise<BenchTally>
        ) {
            self.plan = plan
            self.workload = workload
            self.connections = connections
            self.promise = promise
            activeNanoseconds = plan.startNanoseconds
        }

        var inFlightCount: Int { connections.reduce(0) { $0 + $1.inFlightCount } }

        /// - Returns: whether nothing is to be sent any more.
        func isOver(at now: UInt64) -> Bool { plan.endNanoseconds.map { now >= $0 } ?? false }

        func unblock(at now: UInt64) {
            guard let since = blockedSinceNanoseconds else { return }
            tally.blockedNanoseconds += now - min(now, since)
            blockedSinceNanoseconds = nil
        }
    }

    /// To be called on the event loop, as everything here.
    init(on eventLoop: any EventLoop, gauge: BenchGauge) {
        self.eventLoop = eventLoop
        self.gauge = gauge
    }

    /// A connection that has been greeted.
    func add(_ connection: BenchConnection) {
        connection.owner = self
        connections.append(connection)
    }

    func close() {
        for connection in connections {
            connection.owner = nil
            connection.close(CacheError(.connectionClosed, "the load is over"))
        }
    }

    // MARK: A load

    /// - Returns: what came of it, when all that was sent is answered or given up. Fails when requests cannot be made.
    func run(_ workload: BenchWorkload, _ plan: Plan) -> EventLoopFuture<BenchTally> {
        let promise = eventLoop.makePromise(of: BenchTally.self)
        let wanted = connections.prefix(plan.connectionLimit)
        let load = Load(plan, workload, wanted.filter(\.isOpen), promise)
        load.tally.lostConnectionCount = wanted.count - load.connections.count
        self.load = load
        wake(load, at: plan.startNanoseconds)
        watch(load)
        return promise.futureResult
    }

    /// Sends nothing more, and gives up soon what is not answered.
    func interrupt() {
        guard let load else { return }
        stopSending(load, at: eventLoop.now.uptimeNanoseconds)
        eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.giveUp(load, nil) }
    }

    private func wake(_ load: Load, at nanoseconds: UInt64) {
        if let timer = load.timer {
            guard nanoseconds < timer.dueNanoseconds else { return }
            timer.task.cancel()
        }
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(nanoseconds)) {
            load.timer = nil
            self.send(load, on: load.connections)
        }
        load.timer = (nanoseconds, task)
    }

    /// Looks now and then whether time is over, or the service has fallen silent.
    private func watch(_ load: Load) {
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(50)) {
            guard self.load === load else { return }
            let now = self.eventLoop.now.uptimeNanoseconds
            if load.isOver(at: now) { self.stopSending(load, at: now) }
            if load.inFlightCount > 0, now > load.activeNanoseconds + load.plan.timeoutNanoseconds {
                self.giveUp(load, CacheError(.deadlineExceeded, "the service did not answer in time"))
            }
            self.watch(load)
        }
    }

    // MARK: Sending

    /// - Parameter connections: those that may have room.
    private func send(_ load: Load, on connections: [BenchConnection]) {
        guard load.isSending else { return }
        do throws(CacheError) {
            if let timetable = load.plan.timetable {
                try sendDue(load, timetable)
            } else {
                for connection in connections { try fill(connection, load) }
            }
        } catch {
            load.failure = error
            stopSending(load, at: eventLoop.now.uptimeNanoseconds)
        }
        for connection in load.plan.timetable == nil ? connections : load.connections { connection.flush() }
        finishIfDone(load)
    }

    /// Closed loop: as many as there is room for.
    private func fill(_ connection: BenchConnection, _ load: Load) throws(CacheError) {
        while load.isSending, connection.isOpen, connection.inFlightCount < load.plan.pipelineLimit {
            let now = eventLoop.now.uptimeNanoseconds
            guard !load.isOver(at: now), try sendNext(load, on: connection, due: now, now: now) else {
                return stopSending(load, at: now)
            }
        }
    }

    /// Open loop: what is due, as far as there is room; the rest when there is room again.
    private func sendDue(_ load: Load, _ timetable: BenchTimetable) throws(CacheError) {
        while load.isSending {
            let now = eventLoop.now.uptimeNanoseconds
            let isComplete = timetable.ownCount.map { load.sentCount >= $0 } ?? false
            guard !load.isOver(at: now), !isComplete else { return stopSending(load, at: now) }
            let due = load.plan.startNanoseconds + timetable.dueNanoseconds(load.sentCount)
            guard due <= now else { return wake(load, at: min(due, load.plan.endNanoseconds ?? due)) }
            guard let connection = nextWithRoom(load) else {
                if load.blockedSinceNanoseconds == nil { load.blockedSinceNanoseconds = now }
                return
            }
            load.unblock(at: now)
            guard try sendNext(load, on: connection, due: due, now: now) else { return stopSending(load, at: now) }
            load.tally.sendDelay.record(now - due)
            load.tally.behindNanoseconds = now - due
        }
    }

    private func nextWithRoom(_ load: Load) -> BenchConnection? {
        for offset in load.connections.indices {
            let index = (load.turn + offset) % load.connections.count
            let connection = load.connections[index]
            if connection.isOpen, connection.inFlightCount < load.plan.pipelineLimit {
                load.turn = index + 1
                return connection
            }
        }
        return nil
    }

    /// - Returns: false when there is nothing more to be sent.
    private func sendNext(
        _ load: Load, on connection: BenchConnection, due: UInt64, now: UInt64
    ) throws(CacheError) -> Bool {
        guard load.sentCount < load.plan.requestLimit, let request = try load.workload.next() else { return false }
        if connection.inFlightCount == 0 { load.activeNanoseconds = max(now, load.activeNanoseconds) }
        let pending = BenchConnection.Pending(
            kind: request.kind, source: request.source, dueNanoseconds: due, sentNanoseconds: now)
        try connection.send(request.request, pending)
        load.sentCount += 1
        load.tally[request.kind].sentCount += 1
        return true
    }

    private func stopSending(_ load: Load, at now: UInt64) {
        guard load.isSending else { return }
        load.isSending = false
        load.timer?.task.cancel()
        load.timer = nil
        noteUnsent(load, at: min(now, load.plan.endNanoseconds ?? now))
        finishIfDone(load)
    }

    private func noteUnsent(_ load: Load, at end: UInt64) {
        guard let timetable = load.plan.timetable, end > load.plan.startNanoseconds else { return }
        load.unblock(at: end)
        let elapsed = end - load.plan.startNanoseconds
        load.tally.unsentCount = max(0, timetable.dueCount(atNanoseconds: elapsed) - load.sentCount)
        guard load.tally.unsentCount > 0 else { return }
        load.tally.behindNanoseconds = elapsed - timetable.dueNanoseconds(load.sentCount)
    }

    // MARK: Receiving

    func received(_ reply: Reply, to request: BenchConnection.Pending, atNanoseconds now: UInt64) {
        guard let load else { return }
        load.activeNanoseconds = now
        load.workload.finished(request.kind, source: request.source)
        let error: CacheError?
        switch (request.kind, reply) {
        case (.lookup, .lookup(let replies)) where replies.count == 1: error = add(replies[0], request, load, now)
        case (.insert, .insert(let outcomes)) where outcomes.count == 1:
            switch outcomes[0] {
            case .stored(_, let replaced):
                if replaced != nil { load.tally.replacedCount += 1 }
                error = nil
            case .refused(let refusal): error = refusal
            }
        case (.invalidate, .invalidate(let outcomes)) where outcomes.count == 1:
            if case .failure(let refusal) = outcomes[0] { error = refusal } else { error = nil }
        case (.ping, .ping): error = nil
        case (_, .failure(let failure, _)): error = failure
        default: error = CacheError(.malformedFrame, "a reply does not have what its request asked for")
        }
        count(error, of: request, load, now)
    }

    /// - Returns: the refusal, if it is one.
    private func add(
        _ reply: LookupReply, _ request: BenchConnection.Pending, _ load: Load, _ now: UInt64
    ) -> CacheError? {
        load.workload.received(reply.lease)
        switch reply.outcome {
        case .hits: load.tally.hitCount += 1
        case .miss(let miss): load.tally.missCounts[miss.reason, default: 0] += 1
        case .refused(let error): return error
        }
        let roundTrip = now - min(now, request.sentNanoseconds)
        load.tally.search.record(reply.searchNanoseconds)
        load.tally.overhead.record(roundTrip - min(roundTrip, reply.searchNanoseconds))
        return nil
    }

    private func count(_ error: CacheError?, of request: BenchConnection.Pending, _ load: Load, _ now: UInt64) {
        if let error {
            load.tally[request.kind].errors[error.code, default: 0] += 1
            load.errorCount += 1
        } else {
            load.tally[request.kind].latency.record(now - min(now, request.dueNanoseconds))
            load.answeredCount += 1
        }
        load.tally.elapsedNanoseconds = now - min(now, load.plan.startNanoseconds)
    }

    func readComplete(_ connection: BenchConnection) {
        guard let load else { return }
        report(load)
        send(load, on: [connection])
        finishIfDone(load)
    }

    func lost(_ requests: [BenchConnection.Pending], _ error: CacheError) {
        guard let load else { return }
        let now = eventLoop.now.uptimeNanoseconds
        for request in requests {
            load.workload.finished(request.kind, source: request.source)
            count(error, of: request, load, now)
        }
        load.tally.lostConnectionCount += 1
        report(load)
        if !load.connections.contains(where: \.isOpen) { stopSending(load, at: now) }
        finishIfDone(load)
    }

    private func report(_ load: Load) {
        gauge.add(answered: load.answeredCount, errors: load.errorCount)
        (load.answeredCount, load.errorCount) = (0, 0)
    }

    // MARK: The end

    /// - Parameter error: what those count as that are not answered; nil when nobody wants to know any more.
    private func giveUp(_ load: Load, _ error: CacheError?) {
        guard self.load === load else { return }
        stopSending(load, at: eventLoop.now.uptimeNanoseconds)
        if let error {
            // Each reports what was in flight on it.
            for connection in load.connections { connection.close(error) }
        } else {
            load.tally.unansweredCount = load.inFlightCount
        }
        finish(load)
    }

    private func finishIfDone(_ load: Load) {
        if !load.isSending, load.inFlightCount == 0 { finish(load) }
    }

    private func finish(_ load: Load) {
        guard self.load === load else { return }
        self.load = nil
        if let failure = load.failure { load.promise.fail(failure) } else { load.promise.succeed(load.tally) }
    }
}
