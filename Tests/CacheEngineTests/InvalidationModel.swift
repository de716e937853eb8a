import CacheModel

/// The semantics of invalidation, written a second time and apart from the engine: plain, slow, and all in one place.
/// Histories drive both with the same calls and compare every answer.
///
/// `G`, the sequence, grows with every change. `knowledge` is what answers are given by; `durable` is what a restart
/// finds, and differs from it only after commits that failed.
struct InvalidationModel: Sendable {
    /// A refusal as an error of the service reports it.
    struct Refusal: Error, Hashable, Sendable {
        var code: CacheError.Code
        var detail: [String: String] = [:]
    }

    /// Why an entry is not servable now. `mayEnd`: because of a loss, which an announcement or the end of the fence
    /// makes good.
    struct Verdict: Hashable, Sendable {
        var refusal: Refusal
        var mayEnd = false

        var missReason: Miss.Reason { mayEnd ? .fenced : .stale }
    }

    struct Watermark: Hashable, Sendable {
        enum Kind: Hashable, Sendable { case bumpedOnly, versions, labels }

        var kind = Kind.bumpedOnly
        var version: UInt64 = 0
        var generation = Position.zero
        /// Nil also when it is unknown since a bump.
        var label: String?
        var last: UInt64 = 0
        var floor: UInt64 = 0

        var state: SourceState {
            switch kind {
            case .bumpedOnly: SourceState(version: .unnamed, lastSequence: last)
            case .versions: SourceState(version: .ordered(version, generation: generation), lastSequence: last)
            case .labels: SourceState(version: label.map(DataVersion.labelled) ?? .unnamed, lastSequence: last)
            }
        }

        var text: String {
            switch kind {
            case .bumpedOnly: "unknown"
            case .versions: generation == .zero ? "\(version)" : "\(version)~\(generation)"
            case .labels: label ?? "unknown"
            }
        }
    }

    /// What is known of one namespace, whether it exists or not.
    struct Watermarks: Hashable, Sendable {
        var sources: [String: Watermark] = [:]
        var tags: [String: UInt64] = [:]
        var scopes: [Scope: UInt64] = [:]
        var sourceFloor: UInt64 = 0
        var tagFloor: UInt64 = 0
        var scopeFloor: UInt64 = 0
        var announced: Set<String> = []
    }

    struct Knowledge: Hashable, Sendable {
        var incarnation: UInt64
        var sequence: UInt64 = 0
        var isFenced = false
        var lossSequence: UInt64 = 0
        var namespaces: [String: Watermarks] = [:]

        var position: Position { Position(incarnation: incarnation, sequence: sequence) }
    }

    struct Entry: Hashable, Sendable {
        var scope: Scope
        var key: ExactKey?
        /// 0 for the vector that is asked for, higher for vectors farther away; nil for an entry without one.
        var distance: Int?
        var dependencies: [Dependency]
        var tags: [String]
        var fill: UInt64
        var expiresAt: Int64
        var payload: [UInt8]
    }

    var knowledge: Knowledge
    var durable: Knowledge
    /// Entries by their number. A namespace exists when it is in here.
    var contents: [String: [UInt64: Entry]] = [:]
    /// Entries of dropped namespaces that are still on the disk.
    var garbageCount = 0
    let watermarkLimit: Int

    init(incarnation: UInt64, watermarkLimit: Int) {
        knowledge = Knowledge(incarnation: incarnation)
        durable = knowledge
        self.watermarkLimit = watermarkLimit
    }

    // MARK: The rule

    /// Nil when an entry may be served.
    func verdict(_ entry: Entry, in name: String) -> Verdict? {
        let known = knowledge.namespaces[name] ?? Watermarks()
        func needsLease(_ subject: String, mayEnd: Bool = false) -> Verdict {
            Verdict(refusal: Refusal(code: .leaseRequired, detail: ["source": subject]), mayEnd: mayEnd)
        }
        let scopePurge = max(known.scopes[entry.scope, default: 0], known.scopeFloor)
        if scopePurge > entry.fill { return needsLease("scope:\(entry.scope)") }
        if !entry.tags.isEmpty, known.tagFloor > entry.fill { return needsLease("tag:\(entry.tags[0])") }
        for tag in entry.tags where known.tags[tag, default: 0] > entry.fill { return needsLease("tag:\(tag)") }
        if !entry.tags.isEmpty, knowledge.lossSequence > entry.fill {
            return needsLease("tag:\(entry.tags[0])", mayEnd: true)
        }
        if let first = entry.dependencies.first, known.sourceFloor > entry.fill { return needsLease(first.source) }
        for dependency in entry.dependencies {
            if let verdict = verdict(dependency, fill: entry.fill, known) { return verdict }
        }
        return nil
    }

    private func verdict(_ dependency: Dependency, fill: UInt64, _ known: Watermarks) -> Verdict? {
        let source = dependency.source
        if knowledge.isFenced, !known.announced.contains(source) {
            return Verdict(refusal: Refusal(code: .fenced, detail: ["source": source]), mayEnd: true)
        }
        guard let watermark = known.sources[source] else { return nil }
        let needsLease = Verdict(refusal: Refusal(code: .leaseRequired, detail: ["source": source]))
        func refused(_ code: CacheError.Code) -> Verdict {
            Verdict(refusal: Refusal(code: code, detail: ["source": source, "current": watermark.text]))
        }
        switch dependency.version {
        case .ordered(let version, let generation):
            if watermark.kind == .labels { return refused(.kindMismatch) }
            if watermark.kind == .versions {
                if watermark.generation != generation || version < watermark.version {
                    return refused(.staleDependency)
                }
                return watermark.floor > fill ? needsLease : nil
            }
        case .labelled(let label):
            if watermark.kind == .versions { return refused(.kindMismatch) }
            if watermark.kind == .labels, let current = watermark.label {
                return current == label ? nil : refused(.staleDependency)
            }
        case .unnamed: break
        }
        // Nothing to compare: only when it was read can tell.
        if watermark.last <= fill { return nil }
        return fill == 0 ? needsLease : refused(.staleDependency)
    }

    // MARK: News

    mutating func invalidate(_ news: Invalidation, in name: String) -> Result<InvalidationReceipt, Refusal> {
        var known = knowledge.namespaces[name] ?? Watermarks()
        let old = known.sources[news.source]
        var watermark = old ?? Watermark()
        func conflict(_ code: CacheError.Code) -> Result<InvalidationReceipt, Refusal> {
            let position = Position(incarnation: knowledge.incarnation, sequence: watermark.last)
            return .failure(
                Refusal(
                    code: code,
                    detail: ["source": news.source, "current": watermark.text, "position": position.description]))
        }
        var changed = true
        let next = knowledge.sequence + 1
        switch news.change {
        case .version(let version, let generation):
            if watermark.kind == .labels { return conflict(.kindMismatch) }
            if watermark.kind == .versions {
                if watermark.generation != generation { return conflict(.generationConflict) }
                changed = version > watermark.version
            }
            if changed {
                (watermark.kind, watermark.version, watermark.generation) = (.versions, version, generation)
                watermark.floor = 0
            }
        case .label(let label, let expectation):
            if watermark.kind == .versions { return conflict(.kindMismatch) }
            changed = watermark.label != label
            if changed, let old {
                let here = Position(incarnation: knowledge.incarnation, sequence: old.last)
                let isExpected =
                    switch expectation {
                    case .nothing: false
                    case .label(let replaced): old.label == replaced
                    case .position(let position): position == here
                    }
                if !isExpected { return conflict(.labelConflict) }
            }
            if changed { (watermark.kind, watermark.label, watermark.floor) = (.labels, label, 0) }
        case .bump: (watermark.label, watermark.floor) = (nil, next)
        case .reset(let version):
            if watermark.kind == .labels { return conflict(.kindMismatch) }
            (watermark.kind, watermark.version, watermark.floor) = (.versions, version, 0)
            watermark.generation = Position(incarnation: knowledge.incarnation, sequence: next)
        }
        if knowledge.isFenced, news.incarnation == knowledge.incarnation { known.announced.insert(news.source) }
        if changed {
            knowledge.sequence = next
            watermark.last = next
            known.sources[news.source] = watermark
        }
        knowledge.namespaces[name] = known
        let receipt = InvalidationReceipt(changed: changed, position: knowledge.position, state: watermark.state)
        fold(name)
        return .success(receipt)
    }

    /// Beyond the limit the oldest eighth goes, and what it was about needs a lease from now on.
    private mutating func fold(_ name: String) {
        guard var known = knowledge.namespaces[name] else { return }
        func count() -> Int { known.sources.count + known.tags.count + known.scopes.count }
        guard count() > watermarkLimit else { return }
        knowledge.sequence += 1
        while count() > watermarkLimit - watermarkLimit / 8 {
            let source = known.sources.min { $0.value.last < $1.value.last }
            let tag = known.tags.min { $0.value < $1.value }
            let scope = known.scopes.min { $0.value < $1.value }
            let oldest = min(source?.value.last ?? .max, tag?.value ?? .max, scope?.value ?? .max)
            if let source, source.value.last == oldest {
                known.sources[source.key] = nil
                known.sourceFloor = knowledge.sequence
            } else if let tag, tag.value == oldest {
                known.tags[tag.key] = nil
                known.tagFloor = knowledge.sequence
            } else if let scope {
                known.scopes[scope.key] = nil
                known.scopeFloor = knowledge.sequence
            }
        }
        knowledge.namespaces[name] = known
    }

    mutating func purge(_ purge: Purge, in name: String) -> PurgeReceipt {
        var known = knowledge.namespaces[name] ?? Watermarks()
        let entries = (contents[name] ?? [:]).values
        knowledge.sequence += 1
        let gone: Int
        switch purge {
        case .tag(let tag):
            let earlier = max(known.tags[tag, default: 0], known.tagFloor)
            gone = entries.count { $0.tags.contains(tag) && $0.fill >= earlier }
            known.tags[tag] = knowledge.sequence
        case .scope(let scope):
            let earlier = max(known.scopes[scope, default: 0], known.scopeFloor)
            gone = entries.count { $0.scope == scope && $0.fill >= earlier }
            known.scopes[scope] = knowledge.sequence
        }
        knowledge.namespaces[name] = known
        fold(name)
        return PurgeReceipt(entryCount: gone, position: knowledge.position)
    }

    mutating func drop(_ name: String) -> Result<PurgeReceipt, Refusal> {
        guard let content = contents.removeValue(forKey: name) else {
            return .failure(Refusal(code: .namespaceNotFound, detail: ["namespace": name]))
        }
        garbageCount += content.count
        knowledge.sequence += 1
        knowledge.namespaces[name, default: Watermarks()].sourceFloor = knowledge.sequence
        knowledge.namespaces[name, default: Watermarks()].tagFloor = knowledge.sequence
        return .success(PurgeReceipt(entryCount: content.count, position: knowledge.position))
    }

    mutating func liftFence() -> Position {
        if knowledge.isFenced {
            knowledge.sequence += 1
            knowledge.isFenced = false
            knowledge.lossSequence = 0
            for name in knowledge.namespaces.keys { knowledge.namespaces[name]?.announced = [] }
        }
        return knowledge.position
    }

    // MARK: The disk

    /// Ends a call that brings news: its commit fails or not.
    ///
    /// - Returns: whether the call is acknowledged.
    mutating func settle(fails: Bool) -> Bool {
        if fails, knowledge != durable { return false }
        durable = knowledge
        return true
    }

    mutating func restart() { knowledge = durable }

    /// The model of a copy of the store.
    var backup: InvalidationModel {
        var copy = self
        copy.restart()
        return copy
    }

    /// The store was put in place from a backup.
    mutating func restore(incarnation: UInt64) {
        knowledge.incarnation = incarnation
        knowledge.sequence += 1
        knowledge.lossSequence = knowledge.sequence
        knowledge.isFenced = true
        for name in knowledge.namespaces.keys { knowledge.namespaces[name]?.announced = [] }
        durable = knowledge
    }
}
