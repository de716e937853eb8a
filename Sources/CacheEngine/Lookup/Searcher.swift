package import CacheModel
internal import CacheStorage
internal import VectorSearch
internal import HashTreeCollections

/// Answers reads on one thread: searches, reads what the hits need, and checks last of all that they still hold.
package final class Searcher {
    private let published: PublishedState
    private let clock: any WallClock
    private let counters: EngineCounters
    private let methods: SearchMethods
    private let hits: HitLogs
    private let ownHits: HitLog
    private let eviction: EvictionSettings
    private let memory = SearchMemory()
    /// Payload bytes that the replies under way may still carry.
    private var payloadBudgetBytes = 0
    /// Set when a payload did not fit into the budget.
    private var hasLeftOutPayload = false

    /// Passes that a lookup may take: when news or damage spoils what was found, it is searched again.
    private static let passLimit = 4

    package init(
        published: PublishedState, clock: any WallClock, counters: EngineCounters, methods: SearchMethods, hits: HitLogs,
        eviction: EvictionSettings
    ) {
        self.hits = hits
        ownHits = hits.makeLog()
        self.eviction = eviction
        self.published = published
        self.clock = clock
        self.counters = counters
        self.methods = methods
    }

    /// Answers a batch; lookups of one namespace share their scans. Beyond `Limits.bytesInFlightPerConnection` payloads are left
    /// out of the replies, as a batch of small lookups could carry gigabytes otherwise.
    package func answer(_ requests: [ReadRequest]) -> [ReadReply] {
        payloadBudgetBytes = Limits.bytesInFlightPerConnection
        return answerWithinBudget(requests)
    }

    /// Answers lookups unless that takes a longer search, or reading more than these bytes of payload; nil then.
    package func answer(
        _ name: String, _ lookups: [Lookup], limit: InlineLimit, payloadLimitBytes: Int
    ) -> [LookupReply]? {
        let state = published.current
        let namespace = state.namespace(name)
        if let namespace, let cost = namespace.cost {
            var bytes = 0
            for lookup in lookups where lookup.vector != nil {
                let threshold = lookup.threshold ?? namespace.watermarks.record.settings.threshold
                bytes += cost.bytes(lookup.scope, threshold: threshold)
                guard bytes <= limit.searchBytes else { return nil }
            }
        }
        payloadBudgetBytes = payloadLimitBytes
        let replies = self.replies(to: lookups, in: name, state, namespace)
        guard !hasLeftOutPayload else { return nil }
        count(replies[...], in: name, namespace)
        return replies
    }

    private func answerWithinBudget(_ requests: [ReadRequest]) -> [ReadReply] {
        var replies = [ReadReply?](repeating: nil, count: requests.count)
        var lookups: [Name: (lookups: [Lookup], requests: [Int])] = [:]
        for (index, request) in requests.enumerated() {
            switch request {
            case .get(let namespace, let scope, let entry): replies[index] = get(namespace, scope, entry)
            case .scan(let namespace, let scan): replies[index] = self.scan(namespace, scan)
            case .lookup(let namespace, let batch):
                lookups[Name(namespace), default: ([], [])].lookups += batch
                lookups[Name(namespace), default: ([], [])].requests.append(index)
            }
        }
        for (namespace, batch) in lookups {
            let state = published.current
            let found = state.namespace(namespace.text)
            var answers = self.replies(to: batch.lookups, in: namespace.text, state, found)[...]
            count(answers, in: namespace.text, found)
            for index in batch.requests {
                guard case .lookup(_, let asked) = requests[index] else { continue }
                var own = Array(answers.prefix(asked.count))
                answers = answers.dropFirst(asked.count)
                // Refusals name the row of their own request, not of the batch that it was searched in.
                for (row, reply) in own.enumerated() {
                    if case .refused(var error) = reply.outcome, error.detail["row"] != nil {
                        error.detail["row"] = String(row)
                        own[row].outcome = .refused(error)
                    }
                }
                replies[index] = .lookup(own)
            }
        }
        return replies.map { $0 ?? .failed(CacheError(.internalError, "a read was not answered")) }
    }

    /// Counts outcomes, and of each hit that eviction must know of the entry that was served.
    private func count(_ replies: ArraySlice<LookupReply>, in name: String, _ namespace: PublishedNamespace?) {
        let isLimited = namespace.map { eviction.limits(name, $0.watermarks.record.settings) } ?? false
        for reply in replies {
            counters.count(reply.outcome)
            if isLimited, case .hits(let found) = reply.outcome, let first = found.first {
                hits.append(first.entry.identifier, to: ownHits)
            }
        }
    }

    // MARK: Lookups

    /// - Parameter state: the newest one, with what it knows of the namespace.
    private func replies(
        to lookups: [Lookup], in name: String, _ state: PublishedState.State, _ namespace: PublishedNamespace?
    ) -> [LookupReply] {
        hasLeftOutPayload = false
        var (state, namespace) = (state, namespace)
        let start = MonotonicTime.now
        var outcomes = [LookupOutcome?](repeating: nil, count: lookups.count)
        var explanations: [Int: SearchExplanation] = [:]
        var waiting = Array(lookups.indices)
        var damaged = Set<EntryIdentifier>()
        for pass in 1...Self.passLimit where !waiting.isEmpty {
            if pass > 1 { renew(&state, &namespace, name) }
            let evaluation = LookupPass(
                namespaceName: name, namespace: namespace, state: state, now: clock.now, damaged: damaged,
                counters: counters)
            let found = evaluation.run(waiting.map { lookups[$0] }, methods, memory)
            var again: [Int] = []
            for (place, explanation) in found.explanations { explanations[waiting[place]] = explanation }
            for (index, outcome) in zip(waiting, found.outcomes) {
                outcomes[index] = finish(outcome, lookups[index], evaluation, &damaged)
                if outcomes[index] == nil { again.append(index) }
            }
            waiting = again
            if pass == Self.passLimit {
                for index in waiting { outcomes[index] = .miss(Miss(reason: .stale)) }
            }
        }
        let nanoseconds = UInt64(clamping: MonotonicTime.now.nanoseconds(since: start))
        counters.searches.add(1)
        counters.searchNanoseconds.add(Int(clamping: nanoseconds))
        counters.timings.searched(lookups.count, nanoseconds: nanoseconds)
        // The lease comes last: what it vouches for is read after it was handed out.
        renew(&state, &namespace, name)
        let lease = state.table.lease(name)
        var replies: [LookupReply] = []
        replies.reserveCapacity(lookups.count)
        for index in lookups.indices {
            replies.append(
                LookupReply(
                    outcome: outcomes[index] ?? .miss(Miss(reason: .stale)), lease: lease,
                    sourceSequences: lookups[index].sources.map {
                        namespace?.watermarks.sources[Name($0)]?.lastSequence ?? 0
                    },
                    searchNanoseconds: nanoseconds,
                    explanation: explanations.isEmpty ? nil : explanations[index]))
        }
        return replies
    }

    /// Goes on with the newest state, where that is another one.
    private func renew(
        _ state: inout PublishedState.State, _ namespace: inout PublishedNamespace?, _ name: String
    ) {
        let newest = published.current
        guard newest !== state else { return }
        state = newest
        namespace = newest.namespace(name)
    }

    /// Reads what the hits carry and checks them against the newest table.
    ///
    /// - Returns: nil when the lookup must be searched again.
    private func finish(
        _ outcome: LookupPass.Outcome, _ lookup: Lookup, _ pass: LookupPass, _ damaged: inout Set<EntryIdentifier>
    ) -> LookupOutcome? {
        switch outcome {
        case .refused(let error): return .refused(error)
        case .miss(let miss): return .miss(miss)
        case .damaged(let entries):
            damaged.formUnion(entries)
            return nil
        case .hits(let found):
            guard let snapshot = pass.state.snapshot, let content = pass.content else { return nil }
            var hits: [Hit] = []
            for (rank, hit) in found.enumerated() {
                do {
                    let isWanted = rank == 0 && !lookup.omitsPayload && fitsBudget(hit.record)
                    let stored = try snapshot.payload(content, hit.identifier, hit.record, isWanted: isWanted)
                    let entry = StoredEntry(
                        hit.record, hit.identifier, prompt: stored.prompt, payload: stored.payload, now: pass.now)
                    hits.append(Hit(match: hit.match, similarity: hit.similarity, entry: entry))
                } catch {
                    counters.damaged.add(1)
                    damaged.insert(hit.identifier)
                    return nil
                }
            }
            return holds(found, pass, content) ? .hits(hits) : nil
        }
    }

    private func fitsBudget(_ record: EntryRecord) -> Bool {
        let bytes = Int(record.payloadBytes)
        guard bytes <= payloadBudgetBytes else {
            hasLeftOutPayload = true
            return false
        }
        payloadBudgetBytes -= bytes
        return true
    }

    /// The last check, after everything slow is done.
    private func holds(_ found: [LookupPass.Found], _ pass: LookupPass, _ content: ContentIdentifier) -> Bool {
        var (state, namespace) = (pass.state, pass.namespace)
        renew(&state, &namespace, pass.namespaceName)
        guard let namespace, namespace.content == content else { return false }
        return found.allSatisfy { state.table.refusal(of: EntryBasis($0.record), in: namespace.watermarks) == nil }
    }

    // MARK: Single entries

    private func get(_ name: String, _ scope: Scope?, _ identifier: EntryIdentifier) -> ReadReply {
        let notFound = CacheError(
            .entryNotFound, "there is no such entry", detail: ["entry": identifier.description])
        let state = published.current
        guard let snapshot = state.snapshot else {
            return .failed(CacheError(.storageFailed, "the store is being opened anew"))
        }
        guard let content = state.table.content(name) else {
            return .failed(CacheError(.namespaceNotFound, "there is no such namespace", detail: ["namespace": name]))
        }
        do {
            let now = clock.now
            guard let record = try snapshot.record(content, identifier), scope == nil || scope == record.scope,
                snapshot.view[content]?.holds(identifier, row: record.row) == true, record.expiresAt > now
            else { return .failed(notFound) }
            let stored = try snapshot.payload(content, identifier, record)
            let table = published.table
            guard table.content(name) == content else { return .failed(notFound) }
            if let refusal = table.refusal(of: EntryBasis(record), in: table[name]) {
                var gone = notFound
                gone.message = "the entry no longer holds: \(refusal.error.message)"
                gone.detail["reason"] = refusal.error.code.rawValue
                return .failed(gone)
            }
            return .entry(
                StoredEntry(record, identifier, prompt: stored.prompt, payload: stored.payload, now: now))
        } catch {
            return .failed(error)
        }
    }

    /// A page of entries, found to hold after everything was read.
    private func scan(_ name: String, _ scan: Scan) -> ReadReply {
        let state = published.current
        guard let snapshot = state.snapshot else {
            return .failed(CacheError(.storageFailed, "the store is being opened anew"))
        }
        let notFound = CacheError(.namespaceNotFound, "there is no such namespace", detail: ["namespace": name])
        guard let content = state.table.content(name) else { return .failed(notFound) }
        do {
            var (page, bases) = try EntryScan(
                snapshot: snapshot, content: content, scan: scan, now: clock.now, table: state.table,
                namespace: state.table[name]
            ).run()
            counters.damaged.add(page.passedOver.damaged)
            let table = published.table
            guard table.content(name) == content else { return .failed(notFound) }
            page.position = table.position
            if !scan.includesUnservable {
                let held = zip(page.entries, bases).filter { table.refusal(of: $0.1, in: table[name]) == nil }.map(\.0)
                page.passedOver.stale += page.entries.count - held.count
                page.entries = held
            }
            return .page(page)
        } catch {
            return .failed(error)
        }
    }
}

extension StoredEntry {
    init(_ record: EntryRecord, _ identifier: EntryIdentifier, prompt: String?, payload: [UInt8]?, now: Timestamp) {
        self.init(
            identifier: identifier, scope: record.scope, key: record.key, createdAt: record.createdAt,
            ageMilliseconds: max(0, now.milliseconds(since: record.createdAt)),
            expiresAt: record.expiresAt == EntryRecord.never ? nil : record.expiresAt,
            norm: record.row == nil ? nil : record.norm, costSavedNanodollars: record.costSavedNanodollars,
            prompt: prompt, dependencies: record.dependencies, tags: record.tags, contentType: record.contentType,
            payload: payload, payloadBytes: Int(record.payloadBytes))
    }
}
