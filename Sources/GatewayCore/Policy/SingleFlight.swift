package import CacheModel

/// Requests that ask the same while the answer is on its way share one upstream call.
///
/// Nobody is given an answer from before an invalidation that was acknowledged before the request came: a request joins
/// a flight only if nothing it rests on has changed since the flight's lease. Otherwise it begins a flight of its own,
/// which later requests join, and the older one is finished for those who wait for it already.
///
/// `Waiter` is whatever the caller needs to wake a request; each request has one of its own.
package struct SingleFlight<Waiter: Hashable & Sendable>: Sendable {
    /// Which requests ask the same, and rest on the same data.
    package struct Key: Hashable, Sendable {
        private var namespace: Name
        private var scope: Scope
        private var key: ExactKey
        private var dependencies: String

        /// - Parameter dependencies: of the request; their order makes no difference.
        package init(namespace: String, scope: Scope, key: ExactKey, dependencies: [Dependency]) {
            self.namespace = Name(namespace)
            self.scope = scope
            self.key = key
            self.dependencies = dependencies.map { DependencyList.text([$0]) }.sorted().joined(separator: ",")
        }
    }

    /// What a request's lookup said about the state of the cache.
    package struct Freshness: Hashable, Sendable {
        package var position: Position
        /// From when on the data is that the answer rests on: the position of the client's lease, if it has one.
        package var start: Position
        /// The sequence of the last change of each source that the request depends on.
        package var sourceSequences: [UInt64]
        /// Whether the request has tags, of whose purges a lookup says nothing.
        package var hasTags: Bool

        /// - Parameter start: nil for the lookup's position.
        package init(position: Position, start: Position? = nil, sourceSequences: [UInt64], hasTags: Bool) {
            self.position = position
            self.start = start ?? position
            self.sourceSequences = sourceSequences
            self.hasTags = hasTags
        }

        /// Whether an answer that was begun at `start` is as good as one begun now.
        package func allows(_ start: Position) -> Bool {
            guard position.incarnation == start.incarnation else { return false }
            // The very same position: nothing at all has changed.
            if position.sequence == start.sequence { return true }
            // Without sources to ask about, any change may have been the one that matters.
            guard !hasTags, !sourceSequences.isEmpty else { return false }
            return sourceSequences.allSatisfy { $0 <= start.sequence }
        }
    }

    package struct Flight: Hashable, Sendable {
        fileprivate var number: UInt64
    }

    package enum Role: Hashable, Sendable {
        /// Call the upstream, and say when it is finished.
        case leader(Flight)
        /// Wait for the flight; leave it when the client goes away.
        case follower(Flight)
        /// Call the upstream, and tell nobody: there are too many, or the cache cannot vouch for anything.
        case alone
    }

    private struct State {
        var key: Key
        var start: Position
        var waiters: Set<Waiter> = []
    }

    private let flightLimit: Int
    private let followerLimit: Int
    private var nextNumber: UInt64 = 1
    private var flights: [UInt64: State] = [:]
    /// The flight that a request with this key may join: the newest.
    private var joinable: [Key: UInt64] = [:]

    package init(
        flightLimit: Int = GatewayLimits.flightCount, followerLimit: Int = GatewayLimits.followerCount
    ) {
        self.flightLimit = flightLimit
        self.followerLimit = followerLimit
    }

    package var flightCount: Int { flights.count }

    /// - Parameter freshness: from the request's own lookup, after it has come; nil when there was none, or it failed.
    package mutating func join(_ key: Key, _ waiter: Waiter, _ freshness: Freshness?) -> Role {
        guard let freshness else { return .alone }
        if let number = joinable[key], let flight = flights[number], freshness.allows(flight.start) {
            guard flight.waiters.count < followerLimit else { return .alone }
            flights[number]?.waiters.insert(waiter)
            return .follower(Flight(number: number))
        }
        guard flights.count < flightLimit else { return .alone }
        let number = nextNumber
        nextNumber += 1
        flights[number] = State(key: key, start: freshness.start)
        joinable[key] = number
        return .leader(Flight(number: number))
    }

    /// The flight has its answer, or has failed.
    ///
    /// - Returns: who waits for it. After a failure each of them asks again.
    package mutating func finish(_ flight: Flight) -> Set<Waiter> {
        guard let state = flights.removeValue(forKey: flight.number) else { return [] }
        if joinable[state.key] == flight.number { joinable[state.key] = nil }
        return state.waiters
    }

    /// A follower goes away.
    package mutating func leave(_ flight: Flight, _ waiter: Waiter) {
        flights[flight.number]?.waiters.remove(waiter)
    }

    /// Whether somebody besides the leader waits: then the call goes on although the leader's client has gone.
    package func hasFollowers(_ flight: Flight) -> Bool { flights[flight.number].map { !$0.waiters.isEmpty } ?? false }
}

extension SingleFlight.Freshness {
    /// - Returns: nil for a request that shares its call with nobody: it was a hit or the cache cannot vouch for
    ///   anything, its answer is not kept, or it has tags and no lease, so that nobody knows from before which purge
    ///   its data is.
    package init?(_ reply: LookupReply, _ decision: CacheDecision) {
        guard case .miss(let miss) = reply.outcome, miss.reason != .fenced, case .yes(let choice) = decision.storing
        else {
            return nil
        }
        var start = reply.lease.position
        switch choice {
        case .client(let lease): start = lease.position
        case .own: break
        case .none: guard decision.tags.isEmpty else { return nil }
        }
        self.init(
            position: reply.lease.position, start: start, sourceSequences: reply.sourceSequences,
            hasTags: !decision.tags.isEmpty)
    }
}
