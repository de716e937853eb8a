import CacheModel

/// Entries: what is stored, found and reclaimed.
extension InvalidationModel {
    func lease(_ name: String) -> Lease { Lease(position: durable.position, namespace: namespaceFingerprint(name)) }

    func hasReached(_ position: Position?) -> Bool {
        guard let position else { return true }
        return position.incarnation == durable.incarnation && position.sequence <= durable.sequence
    }

    /// - Parameter entry: Its `fill` is set here, from the lease.
    /// - Returns: the entry with the same key that makes room.
    mutating func insert(
        _ entry: Entry, lease: Lease?, into name: String, now: Int64
    ) -> Result<(entry: Entry, replaced: UInt64?), Refusal> {
        var entry = entry
        entry.fill = 0
        if let lease {
            guard lease.namespace == namespaceFingerprint(name), hasReached(lease.position) else {
                return .failure(Refusal(code: .badLease))
            }
            entry.fill = lease.position.sequence
        } else if let unnamed = entry.dependencies.first(where: { $0.version == .unnamed }) {
            return .failure(Refusal(code: .leaseRequired, detail: ["source": unnamed.source]))
        }
        if let verdict = verdict(entry, in: name) { return .failure(verdict.refusal) }
        let rival = contents[name]?.first {
            $0.value.scope == entry.scope && entry.key != nil && $0.value.key == entry.key
        }
        if let rival {
            if rival.value.fill > entry.fill, rival.value.expiresAt > now, verdict(rival.value, in: name) == nil {
                return .failure(Refusal(code: .superseded, detail: ["entry": "\(rival.key)"]))
            }
            contents[name]?[rival.key] = nil
        }
        return .success((entry, rival?.key))
    }

    /// The number that the engine gave to an entry which `insert` has let in.
    mutating func store(_ entry: Entry, as number: UInt64, into name: String) {
        contents[name, default: [:]][number] = entry
    }

    enum Answer: Hashable {
        case keyHit(UInt64)
        /// Best first.
        case vectorHits([UInt64])
        case miss(Miss.Reason)
    }

    /// - Parameter reach: Entries up to this distance are above the threshold; nil for a lookup without a vector.
    func lookup(
        scope: Scope, key: ExactKey?, reach: Int?, minimumPosition: Position?, in name: String, now: Int64
    ) -> Answer {
        guard hasReached(minimumPosition) else { return .miss(.fenced) }
        guard let content = contents[name] else { return .miss(.nothingStored) }
        func missReason(_ entry: Entry) -> Miss.Reason? {
            entry.expiresAt <= now ? .expired : verdict(entry, in: name)?.missReason
        }
        var keyMiss = Miss.Reason.nothingStored
        if let key, let found = content.first(where: { $0.value.scope == scope && $0.value.key == key }) {
            guard let reason = missReason(found.value) else { return .keyHit(found.key) }
            keyMiss = reason
        }
        guard let reach else { return .miss(keyMiss) }
        let rows = content.filter { $0.value.scope == scope && $0.value.distance != nil }
            .map { (number: $0.key, distance: $0.value.distance ?? 0, reason: missReason($0.value)) }
        let servable = rows.filter { $0.reason == nil }
        let near = servable.filter { $0.distance <= reach }.sorted {
            $0.distance != $1.distance ? $0.distance < $1.distance : $0.number > $1.number
        }
        if !near.isEmpty { return .vectorHits(near.prefix(Limits.neighborsRange.upperBound).map(\.number)) }
        let excluded = rows.filter { $0.reason != nil && $0.distance <= reach }.min {
            $0.distance != $1.distance
                ? $0.distance < $1.distance : ($0.reason?.rawValue ?? 0) < ($1.reason?.rawValue ?? 0)
        }
        if let reason = excluded?.reason { return .miss(reason) }
        return .miss(servable.isEmpty ? keyMiss : .belowThreshold)
    }

    /// Takes away what has expired or will never be servable again, and what dropped namespaces left.
    mutating func reclaim(now: Int64) -> Int {
        var count = garbageCount
        garbageCount = 0
        for (name, content) in contents {
            let kept = content.filter { _, entry in
                entry.expiresAt > now && verdict(entry, in: name)?.mayEnd ?? true
            }
            count += content.count - kept.count
            contents[name] = kept
        }
        return count
    }

    mutating func delete(_ number: UInt64, in name: String) -> Bool {
        contents[name]?.removeValue(forKey: number) != nil
    }
}
