internal import CacheModel
internal import CacheStorage
internal import VectorSearch
internal import HashTreeCollections

/// One evaluation of some lookups of one namespace against one state of the store.
///
/// The pass decides what is a hit; whether the hits still hold when the reply is made is checked by `Searcher`.
struct LookupPass {
    let namespaceName: String
    let namespace: PublishedNamespace?
    let state: PublishedState.State
    let now: Timestamp
    /// Entries that turned out to be damaged when they were read.
    let damaged: Set<EntryIdentifier>
    let counters: EngineCounters

    /// What a lookup came to in this pass.
    enum Outcome {
        case hits([Found])
        case miss(Miss)
        case refused(CacheError)
        /// What was found cannot be read; without these entries something else may be.
        case damaged([EntryIdentifier])
    }

    struct Found {
        var match: Hit.Match
        var similarity: Float
        var identifier: EntryIdentifier
        var record: EntryRecord
    }

    var content: ContentIdentifier? { namespace?.content }

    /// - Returns: an outcome for each lookup, in order, and how those were searched that want to know.
    func run(
        _ lookups: [Lookup], _ methods: SearchMethods, _ memory: SearchMemory
    ) -> (outcomes: [Outcome], explanations: [Int: SearchExplanation]) {
        var outcomes = [Outcome](repeating: .miss(Miss(reason: .nothingStored)), count: lookups.count)
        var searches: [VectorSearches.Search] = []
        for (place, lookup) in lookups.enumerated() {
            do {
                try RequestRules.check(lookup)
                let vector = try unitVector(lookup.vector, row: place)
                guard let snapshot = state.snapshot, state.table.hasReached(lookup.minimumPosition) else {
                    outcomes[place] = .miss(Miss(reason: .fenced))
                    continue
                }
                guard let namespace, let content, let index = namespace.index else { continue }
                if let key = lookup.key {
                    outcomes[place] = find(key, lookup, content, index, snapshot)
                    if case .hits = outcomes[place] { continue }
                }
                guard let vector else { continue }
                try checkDimension(vector)
                let threshold = lookup.threshold ?? namespace.watermarks.record.settings.threshold
                searches.append(
                    .init(
                        lookup: place, scope: lookup.scope, rows: index.scopes[lookup.scope],
                        oldest: lookup.maximumAgeMilliseconds.map { now.advanced(byMilliseconds: -$0) },
                        query: try Query(vector, threshold: threshold, neighbors: lookup.neighbors),
                        isExplained: lookup.isExplained))
            } catch {
                outcomes[place] = .refused(error)
            }
        }
        guard !searches.isEmpty, let namespace, let content, let snapshot = state.snapshot, let index = namespace.index
        else { return (outcomes, [:]) }
        let judge = RowJudge(
            content: content, index: index, snapshot: snapshot, state: state, namespace: namespace, now: now,
            damaged: damaged, counters: counters)
        var explanations: [Int: SearchExplanation] = [:]
        for found in VectorSearches(searches).run(judge, methods, memory) {
            let lookup = found.search.lookup
            let keyMiss: Miss? = if case .miss(let miss) = outcomes[lookup] { miss } else { nil }
            outcomes[lookup] = outcome(of: found, judge, keyMiss: keyMiss)
            explanations[lookup] = found.explanation
        }
        return (outcomes, explanations)
    }

    private func unitVector(_ components: [Float]?, row: Int) throws(CacheError) -> UnitVector? {
        guard let components else { return nil }
        do {
            return try UnitVector(components)
        } catch {
            var error = error
            error.detail["row"] = String(row)
            throw error
        }
    }

    private func checkDimension(_ vector: UnitVector) throws(CacheError) {
        guard let expected = namespace?.watermarks.record.settings.dimension, expected != vector.dimension else { return }
        throw CacheError(
            .dimensionMismatch, "the namespace holds vectors of another dimension",
            detail: ["expected": String(expected), "got": String(vector.dimension)])
    }

    // MARK: By key

    private func find(
        _ key: ExactKey, _ lookup: Lookup, _ content: ContentIdentifier, _ index: NamespaceIndex, _ snapshot: Snapshot
    ) -> Outcome {
        let nothing = Outcome.miss(Miss(reason: .nothingStored))
        let identifier: EntryIdentifier
        let record: EntryRecord
        do throws(CacheError) {
            guard let known = try snapshot.entry(content, lookup.scope, key), !damaged.contains(known),
                let stored = try snapshot.record(content, known), stored.scope == lookup.scope, stored.key == key,
                index.holds(known, row: stored.row)
            else { return nothing }
            identifier = known
            record = stored
        } catch {
            // A key that cannot be read is none; the vector may find the answer all the same.
            counters.damaged.add(1)
            return nothing
        }
        let oldest = lookup.maximumAgeMilliseconds.map { now.advanced(byMilliseconds: -$0) }
        if record.expiresAt <= now || oldest.map({ record.createdAt < $0 }) ?? false {
            return .miss(Miss(reason: .expired))
        }
        if let refusal = state.table.refusal(of: EntryBasis(record), in: namespace?.watermarks) {
            return .miss(Miss(reason: refusal.missReason))
        }
        return .hits([Found(match: .key, similarity: 1, identifier: identifier, record: record)])
    }

    // MARK: By vector

    private func outcome(of searched: VectorSearches.Found, _ judge: RowJudge, keyMiss: Miss?) -> Outcome {
        let result = searched.result
        var found: [Found] = []
        var unreadable: [EntryIdentifier] = []
        for match in result.matches {
            let identifier = EntryIdentifier(match.order)
            if let record = judge.record(identifier) {
                found.append(
                    Found(match: .vector, similarity: match.similarity, identifier: identifier, record: record))
            } else {
                unreadable.append(identifier)
            }
        }
        if !unreadable.isEmpty { return .damaged(unreadable) }
        if !found.isEmpty { return .hits(found) }
        if let excluded = result.bestExcluded, let reason = Miss.Reason(rawValue: excluded.reason) {
            return .miss(Miss(reason: reason, nearestSimilarity: result.nearest))
        }
        // The index rules rows out without comparing them, so there may be rows but none that is known to be the nearest.
        if result.nearest != nil || searched.plan == .partition {
            return .miss(Miss(reason: .belowThreshold, nearestSimilarity: result.nearest))
        }
        // The scope has nothing to compare with; what the key found out says more.
        return .miss(keyMiss ?? Miss(reason: .nothingStored))
    }
}
