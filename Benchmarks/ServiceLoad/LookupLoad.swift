import BenchmarkHarness
import Foundation

/// Lookups over several connections from one thread: as fast as they are answered, or at a rate whatever the answers do.
package struct LookupLoad: Sendable {
    package enum Pace: Sendable {
        /// Every connection has so many requests under way, and sends the next when one is answered.
        case closed(inFlight: Int)
        /// Request *n* is due *n* / rate seconds after the start, on one connection after the other.
        case open(perSecond: Double)
    }

    package struct Outcome: Sendable {
        /// Of accepted requests: those that were answered without an error.
        package var fromDue = TimeHistogram()
        package var fromSent = TimeHistogram()
        /// Of refused requests, from when they were sent.
        package var untilRefused = TimeHistogram()
        package var refusals: [UInt16: Int] = [:]
        /// Due within the time.
        package var dueCount = 0
        /// Due, but the service took no more bytes of their connection.
        package var unsentCount = 0
        /// Sent, and not answered within ten seconds after the last was due.
        package var unansweredCount = 0
        package var lostConnectionCount = 0
        /// Answers without an error before the time was over, for each second of it.
        package var acceptedPerSecond = 0.0
        /// How late the generator itself was, for want of processor time.
        package var lateness = TimeHistogram()

        package init() {}

        package var acceptedCount: Int { fromDue.count }
        package var refusedCount: Int { refusals.values.reduce(0, +) }
    }

    let port: Int
    let connectionCount: Int
    /// Lookups, all of the same length; sent in turn, again and again.
    let frames: [[UInt8]]

    package init(port: Int, connectionCount: Int, frames: [[UInt8]]) throws {
        guard let length = frames.first?.count, frames.allSatisfy({ $0.count == length }) else {
            throw Failure("the requests of a load must have the same length")
        }
        self.port = port
        self.connectionCount = connectionCount
        self.frames = frames
    }

    package func run(_ pace: Pace, seconds: Double) throws -> Outcome {
        var run = try Run(self, pace, seconds: seconds)
        return try run.complete()
    }
}

extension LookupLoad {
    private static let patienceNanoseconds: UInt64 = 10_000_000_000

    /// One load from its start to its last reply.
    private struct Run {
        let load: LookupLoad
        let pace: Pace
        let start: UInt64
        let end: UInt64
        var connections: [LoadConnection]
        var outcome = Outcome()
        /// By the number of the request; the identifier is one more.
        var due: [UInt64] = []
        var sent: [UInt64] = []
        var openCount = 0
        var acceptedInTime = 0

        init(_ load: LookupLoad, _ pace: Pace, seconds: Double) throws {
            self.load = load
            self.pace = pace
            connections = try (0..<load.connectionCount).map { _ in try LoadConnection(port: load.port) }
            start = monotonicNanoseconds()
            end = start + UInt64(seconds * 1e9)
        }

        mutating func complete() throws -> Outcome {
            if case .closed(let inFlight) = pace {
                for index in connections.indices {
                    for _ in 0..<inFlight { schedule(at: start, on: index) }
                }
            }
            var now = start
            var isOver = false
            while now < end || (openCount > 0 && now < end + patienceNanoseconds) {
                if now >= end, !isOver {
                    isOver = true
                    // What could not be sent by now never is.
                    for index in connections.indices {
                        let count = connections[index].giveUp()
                        outcome.unsentCount += count
                        openCount -= count
                    }
                }
                if !isOver { scheduleDue(now) }
                for index in connections.indices { try send(index) }
                try receive(waitMicroseconds(isOver), isOver)
                now = monotonicNanoseconds()
            }
            outcome.unansweredCount = openCount
            outcome.dueCount = due.count
            outcome.acceptedPerSecond = Double(acceptedInTime) / (Double(end - start) / 1e9)
            return outcome
        }

        private var nextDue: UInt64? {
            guard case .open(let rate) = pace else { return nil }
            return start + UInt64(Double(due.count) / rate * 1e9)
        }

        private mutating func schedule(at time: UInt64, on index: Int) {
            connections[index].waiting.append(due.count)
            due.append(time)
            sent.append(0)
            openCount += 1
        }

        private mutating func scheduleDue(_ now: UInt64) {
            while let time = nextDue, time <= now, time < end {
                outcome.lateness.record(now - time)
                schedule(at: time, on: due.count % connections.count)
            }
        }

        private func waitMicroseconds(_ isOver: Bool) -> Int {
            guard !isOver, let nextDue else { return 20_000 }
            let now = monotonicNanoseconds()
            return nextDue > now ? Int((nextDue - now) / 1_000) : 0
        }

        private mutating func send(_ index: Int) throws {
            guard !connections[index].isLost else { return }
            let now = monotonicNanoseconds()
            for number in connections[index].send(load.frames) { sent[number] = now }
        }

        private mutating func receive(_ microseconds: Int, _ isOver: Bool) throws {
            var readable = DescriptorSet()
            var writable = DescriptorSet()
            for connection in connections where !connection.isLost {
                readable.insert(connection.descriptor)
                if connection.isBlocked { writable.insert(connection.descriptor) }
            }
            DescriptorSet.wait(&readable, &writable, microseconds: microseconds)
            for index in connections.indices where !connections[index].isLost {
                if writable.contains(connections[index].descriptor) { connections[index].isBlocked = false }
                guard readable.contains(connections[index].descriptor) else { continue }
                let replies = try connections[index].receive()
                let now = monotonicNanoseconds()
                for (identifier, reply) in replies { note(identifier, reply, now, isOver, index) }
                if connections[index].isLost { outcome.lostConnectionCount += 1 }
            }
        }

        private mutating func note(
            _ identifier: UInt64, _ reply: ServiceReply, _ now: UInt64, _ isOver: Bool, _ index: Int
        ) {
            // 0 is about the connection, which is lost with it.
            guard identifier > 0, identifier <= UInt64(due.count) else { return }
            let number = Int(identifier) - 1
            openCount -= 1
            if case .refused(let code) = reply {
                outcome.refusals[code, default: 0] += 1
                outcome.untilRefused.record(now - sent[number])
            } else {
                outcome.fromDue.record(now - due[number])
                outcome.fromSent.record(now - sent[number])
                if now < end { acceptedInTime += 1 }
            }
            if case .closed = pace, !isOver { schedule(at: now, on: index) }
        }
    }
}
