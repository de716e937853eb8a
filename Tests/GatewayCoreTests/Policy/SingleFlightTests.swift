import CacheModel
import Testing

@testable import GatewayCore

@Suite struct SingleFlightTests {
    private typealias Flights = SingleFlight<Int>

    private static let refunds = [Dependency("kb/refunds", .ordered(1))]

    private static func key(_ number: UInt128 = 1, _ dependencies: [Dependency] = []) -> Flights.Key {
        Flights.Key(namespace: "n", scope: .shared, key: ExactKey(number), dependencies: dependencies)
    }

    private static func fresh(
        _ sequence: UInt64, _ sources: [UInt64] = [], incarnation: UInt64 = 1, hasTags: Bool = false
    ) -> Flights.Freshness {
        Flights.Freshness(
            position: Position(incarnation: incarnation, sequence: sequence), sourceSequences: sources, hasTags: hasTags
        )
    }

    @Test func whoAsksTheSameMeanwhileWaitsForTheFirst() throws {
        var flights = Flights()
        let flight = try #require(flights.join(Self.key(), 1, Self.fresh(5)).led)
        for waiter in 2...4 { #expect(flights.join(Self.key(), waiter, Self.fresh(5)) == .follower(flight)) }
        flights.leave(flight, 3)
        #expect(flights.hasFollowers(flight))
        #expect(flights.finish(flight) == [2, 4])
        #expect(flights.finish(flight) == [])
        #expect(flights.flightCount == 0)
        #expect(flights.join(Self.key(), 5, Self.fresh(5)).led != nil)
    }

    @Test func anotherQuestionOrOtherDataIsAnotherFlight() {
        var flights = Flights()
        #expect(flights.join(Self.key(1), 1, Self.fresh(5)).led != nil)
        #expect(flights.join(Self.key(2), 2, Self.fresh(5)).led != nil)
        #expect(flights.join(Self.key(1, Self.refunds), 3, Self.fresh(5, [0])).led != nil)
        let newer = [Dependency("kb/refunds", .ordered(2))]
        #expect(flights.join(Self.key(1, newer), 4, Self.fresh(5, [0])).led != nil)
        let both = [Dependency("a"), Dependency("b")]
        #expect(Self.key(1, both) == Self.key(1, both.reversed()))
    }

    @Test func aChangeOfWhatItRestsOnIsNeverJoinedAcross() throws {
        var flights = Flights()
        let key = Self.key(1, Self.refunds)
        let old = try #require(flights.join(key, 1, Self.fresh(5, [3])).led)
        #expect(flights.join(key, 2, Self.fresh(9, [5])) == .follower(old))
        let new = try #require(flights.join(key, 3, Self.fresh(9, [6])).led)
        #expect(flights.join(key, 4, Self.fresh(9, [6])) == .follower(new))
        // The older one ends for those who wait for it, and does not take the newer one with it.
        #expect(flights.finish(old) == [2])
        #expect(flights.join(key, 5, Self.fresh(9, [6])) == .follower(new))
    }

    @Test func withoutSourcesOrWithTagsAnyChangeSeparates() {
        for hasTags in [false, true] {
            var flights = Flights()
            let key = Self.key(1, hasTags ? Self.refunds : [])
            let sources: [UInt64] = hasTags ? [1] : []
            #expect(flights.join(key, 1, Self.fresh(5, sources, hasTags: hasTags)).led != nil)
            #expect(flights.join(key, 2, Self.fresh(6, sources, hasTags: hasTags)).led != nil)
        }
    }

    @Test func anotherIncarnationOfTheStoreIsNeverJoined() {
        var flights = Flights()
        #expect(flights.join(Self.key(), 1, Self.fresh(5)).led != nil)
        #expect(flights.join(Self.key(), 2, Self.fresh(5, incarnation: 2)).led != nil)
    }

    @Test func withoutTheCacheEveryoneIsAlone() {
        var flights = Flights()
        #expect(flights.join(Self.key(), 1, nil) == .alone)
        #expect(flights.join(Self.key(), 1, Self.fresh(1)).led != nil)
        #expect(flights.join(Self.key(), 2, nil) == .alone)
    }

    @Test func dataThatTheLeaderReadLongAgoIsNotSharedAcrossAChange() throws {
        var flights = Flights()
        let key = Self.key(1, [Dependency("kb/shipping")])
        var leader = Self.fresh(9, [5])
        leader.start = Position(incarnation: 1, sequence: 4)
        #expect(flights.join(key, 1, leader).led != nil)
        // The source changed at 5, before both lookups but after the first one's lease.
        #expect(flights.join(key, 2, Self.fresh(9, [5])).led != nil)
    }

    @Test func whatMayBeSharedFollowsFromTheLookupAndTheDecision() throws {
        let policy = CachePolicy(namespace: "n")
        let lease = Lease(position: Position(incarnation: 1, sequence: 4), namespace: namespaceFingerprint("n"))
        func freshness(
            _ outcome: LookupOutcome = .miss(Miss(reason: .stale)), _ change: (inout RequestDirectives) -> Void
        ) throws -> Flights.Freshness? {
            var directives = RequestDirectives()
            change(&directives)
            let position = Position(incarnation: 1, sequence: 9)
            let reply = LookupReply(
                outcome: outcome, lease: Lease(position: position, namespace: lease.namespace), sourceSequences: [5],
                searchNanoseconds: 0)
            return Flights.Freshness(
                reply, try policy.decision(for: CachePolicy.Facts(comparison: .meaning("x")), directives))
        }
        #expect(try freshness { _ in } == Self.fresh(9, [5]))
        #expect(try freshness { $0.dependencies = Self.refunds } == Self.fresh(9, [5]))
        let leased = try freshness { directives in
            directives.dependencies = [Dependency("kb/shipping")]
            directives.lease = lease
        }
        #expect(leased?.start.sequence == 4 && leased?.position.sequence == 9)
        #expect(try freshness { $0.dependencies = [Dependency("kb/shipping")] } == nil)
        #expect(try freshness { $0.tags = ["t"] } == nil)
        #expect(try freshness { $0.cacheControl.noStore = true } == nil)
        #expect(try freshness(.miss(Miss(reason: .fenced))) { _ in } == nil)
        #expect(try freshness(.refused(CacheError(.overloaded, ""))) { _ in } == nil)
    }

    @Test func flightsAndFollowersAreBounded() throws {
        var flights = Flights(flightLimit: 2, followerLimit: 1)
        let first = try #require(flights.join(Self.key(1), 1, Self.fresh(1)).led)
        #expect(flights.join(Self.key(1), 2, Self.fresh(1)) == .follower(first))
        #expect(flights.join(Self.key(1), 3, Self.fresh(1)) == .alone)
        #expect(flights.join(Self.key(2), 4, Self.fresh(1)).led != nil)
        #expect(flights.join(Self.key(3), 5, Self.fresh(1)) == .alone)
    }

    /// Every waiter is woken exactly once, and by an answer that was begun after the last change of its source.
    @Test func nobodyIsForgottenAndNobodyGetsAnOldAnswer() {
        var generator = SeededGenerator(seed: 17)
        var flights = Flights()
        var sequence: UInt64 = 1
        var lastChange: [UInt128: UInt64] = [:]
        var running: [(flight: Flights.Flight, start: UInt64)] = []
        var waiting: [Int: UInt64] = [:]
        for waiter in 0..<20_000 {
            let question = UInt128.random(in: 0..<4, using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0:
                sequence += 1
                lastChange[question] = sequence
            case 1..<4:
                guard !running.isEmpty else { continue }
                let (flight, start) = running.remove(at: .random(in: 0..<running.count, using: &generator))
                for woken in flights.finish(flight) {
                    let needed = waiting.removeValue(forKey: woken)
                    #expect(needed.map { $0 <= start } == true)
                }
            default:
                let change = lastChange[question] ?? 0
                let key = Self.key(question, Self.refunds)
                switch flights.join(key, waiter, Self.fresh(sequence, [change])) {
                case .leader(let flight): running.append((flight, sequence))
                case .follower: waiting[waiter] = change
                case .alone: Issue.record("there is room")
                }
            }
        }
        for (flight, _) in running { for woken in flights.finish(flight) { waiting[woken] = nil } }
        #expect(waiting.isEmpty && flights.flightCount == 0)
    }
}

extension SingleFlight.Role {
    fileprivate var led: SingleFlight.Flight? {
        if case .leader(let flight) = self { flight } else { nil }
    }
}
