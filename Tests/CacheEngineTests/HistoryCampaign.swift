import CacheModel

/// One seeded history: a world, an engine and its model, step by step.
struct HistoryCampaign {
    private(set) var world: HistoryWorld
    let driver: HistoryDriver
    private var random: HistoryRandom
    private var backups: [(backup: HistoryDriver.Backup, known: HistoryWorld.Acknowledged)] = []
    private let failsCommits: Bool

    private typealias Place = HistoryWorld.Place

    init(seed: UInt64) throws {
        random = HistoryRandom(seed: seed)
        world = HistoryWorld(&random)
        failsCommits = random.chance(0.5)
        driver = try HistoryDriver(watermarkLimit: random.pick([6, 8, 1_000, 1_000]))
    }

    /// One thing happens, then every scope of every namespace is looked up.
    mutating func step() throws {
        world.time += 1
        let namespace = random.pick(HistoryWorld.namespaces)
        let place = Place(namespace: namespace, source: random.pick(HistoryWorld.sources))
        try act(Double.random(in: 0..<1, using: &random), place)
        for name in HistoryWorld.namespaces {
            for scope in HistoryWorld.scopes { try look(scope, in: name) }
        }
    }

    private mutating func act(_ dice: Double, _ place: Place) throws {
        switch dice {
        case ..<0.12: publish(place)
        case ..<0.26: try announce()
        case ..<0.27: try contradict(place)
        case ..<0.50: try read(place.namespace)
        case ..<0.79: try insert()
        case ..<0.805: try purge(place.namespace)
        case ..<0.81: try drop(place.namespace)
        case ..<0.82: try driver.restart()
        case ..<0.83: backups.append((try driver.backUp(), world.known))
        case ..<0.835: try restore()
        case ..<0.90: try resynchronize(place)
        case ..<0.91: try rewind(place)
        case ..<0.92: try liftFence()
        case ..<0.935: try driver.reclaim()
        case ..<0.95: driver.advanceClock(milliseconds: .random(in: 1...2_000, using: &random))
        case ..<0.955: try delete(place.namespace)
        default: try get(place.namespace)
        }
    }

    // MARK: Pipelines

    private mutating func publish(_ place: Place) {
        let announcement = world.publish(place, &random)
        world.pending += [HistoryWorld.Announcement](repeating: announcement, count: random.pick([1, 1, 2]))
        driver.note("publish \(place.namespace) \(place.source) \(announcement.state)")
    }

    private mutating func announce() throws {
        guard !world.pending.isEmpty else { return }
        let announcement = world.pending.remove(at: .random(in: 0..<world.pending.count, using: &random))
        let place = announcement.place
        guard let history = world.histories[place] else { return }
        var state = announcement.state
        var change: Invalidation.Change =
            switch history.kind {
            case .versions: .version(history.versions[state], generation: announcement.generation)
            case .labels: .label("L\(state)", replacing: state > 1 ? .label("L\(state - 1)") : .nothing)
            case .bumped: .bump
            }
        let isBumped = random.chance(0.06)
        if isBumped, history.kind == .labels { change = .bump }
        guard var outcome = try tell(place, change) else {
            // Nobody knows whether it arrived: the pipeline tries again later.
            world.pending.append(announcement)
            return
        }
        // A version clears what a bump has set, so a pipeline that names versions must not bump in place of one.
        if isBumped, history.kind == .versions { outcome = try tell(place, .bump) ?? outcome }
        if outcome.code == .labelConflict, random.chance(0.6) {
            // Look again, then set what is true now against the position that was seen.
            state = history.state
            let position = driver.model.knowledge.namespaces[place.namespace]?.sources[place.source]?.last ?? 0
            let seen = Position(incarnation: driver.model.knowledge.incarnation, sequence: position)
            outcome = try tell(place, .label("L\(state)", replacing: .position(seen))) ?? outcome
        }
        if case .success = outcome { world.acknowledge { $0.announce(place, state) } }
    }

    private mutating func tell(
        _ place: Place, _ change: Invalidation.Change, incarnation: UInt64? = nil
    ) throws -> Result<InvalidationReceipt, InvalidationModel.Refusal>? {
        let news = Invalidation(source: place.source, change: change, incarnation: incarnation)
        return try driver.invalidate([news], in: place.namespace, fails: failsCommits && random.chance(0.1))?.first
    }

    /// News of the wrong kind, of a foreign generation, or that replaces nothing.
    private mutating func contradict(_ place: Place) throws {
        guard let history = world.histories[place] else { return }
        let foreign = Generation(incarnation: 99, sequence: 1)
        let isKnown = driver.model.knowledge.namespaces[place.namespace]?.sources[place.source]?.kind
        switch (history.kind, isKnown) {
        case (.versions, .versions): _ = try tell(place, random.pick([.label("no"), .version(9, generation: foreign)]))
        case (.labels, .labels): _ = try tell(place, random.pick([.version(9), .reset(version: 3), .label("no")]))
        default: break
        }
    }

    /// After a loss a pipeline says what is true now, to this incarnation.
    private mutating func resynchronize(_ place: Place) throws {
        let knowledge = driver.model.knowledge
        guard knowledge.isFenced, let history = world.histories[place],
            knowledge.namespaces[place.namespace]?.announced.contains(place.source) != true
        else { return }
        let state = history.state
        let last = knowledge.namespaces[place.namespace]?.sources[place.source]?.last ?? 0
        var change: Invalidation.Change =
            switch history.kind {
            case .versions: .version(history.versions[state], generation: history.generation)
            case .labels:
                .label("L\(state)", replacing: .position(Position(incarnation: knowledge.incarnation, sequence: last)))
            case .bumped: .bump
            }
        var outcome = try tell(place, change, incarnation: knowledge.incarnation)
        if outcome?.code == .generationConflict {
            // The loss took a reset with it: the timeline starts anew.
            change = .reset(version: history.versions[state])
            outcome = try tell(place, change, incarnation: knowledge.incarnation)
            if case .success(let receipt) = outcome { world.begin(generation(receipt), place) }
        }
        if case .success = outcome { world.acknowledge { $0.announce(place, state) } }
    }

    private func generation(_ receipt: InvalidationReceipt) -> Generation {
        if case .ordered(_, let generation) = receipt.state.version { generation } else { .zero }
    }

    private mutating func rewind(_ place: Place) throws {
        guard world.histories[place]?.kind == .versions, !world.pending.contains(where: { $0.place == place }) else {
            return
        }
        let version = world.rewind(place, &random)
        let news = Invalidation(source: place.source, change: .reset(version: version))
        guard case .success(let receipt) = try driver.invalidate([news], in: place.namespace)?.first else { return }
        world.begin(generation(receipt), place)
        let state = world.histories[place]?.state ?? 0
        world.acknowledge { $0.announce(place, state) }
    }

    // MARK: Apps

    private mutating func read(_ namespace: String) throws {
        let lease = random.chance(0.75) ? try driver.lease(namespace, sources: HistoryWorld.sources) : nil
        let known = driver.model.knowledge.namespaces[namespace] ?? InvalidationModel.Watermarks()
        var reads: [HistoryWorld.Read] = []
        for source in HistoryWorld.sources.shuffled(using: &random).prefix(random.pick([0, 1, 1, 2])) {
            let place = Place(namespace: namespace, source: source)
            guard let history = world.histories[place] else { continue }
            // Where only a lease protects, a reader that lags behind is not protected: those who lag name what they
            // read.
            let mayLag = history.kind != .bumped && known.sources[source]?.floor ?? 0 == 0 && known.sourceFloor == 0
            let lagging = max(0, history.state - (mayLag ? random.pick([0, 0, 1, 2]) : 0))
            let isNamed = history.kind != .bumped && lagging > 0 && random.chance(0.6)
            reads.append(.init(place: place, state: isNamed ? lagging : history.state, isNamed: isNamed))
        }
        world.apps.append(
            HistoryWorld.App(
                namespace: namespace, lease: lease, reads: reads, scope: random.pick(HistoryWorld.scopes),
                tags: Array(HistoryWorld.tags.shuffled(using: &random).prefix(random.pick([0, 0, 1, 2]))),
                key: random.chance(0.6) ? ExactKey(.random(in: 1...2, using: &random)) : nil, distance: nil,
                readAt: world.time))
    }

    private mutating func insert() throws {
        guard !world.apps.isEmpty else { return }
        var app = world.apps.remove(at: .random(in: 0..<world.apps.count, using: &random))
        if app.key == nil || random.chance(0.7) { app.distance = random.pick(HistoryVectors.distances) }
        let dependencies = app.reads.map(world.dependency)
        // Some leases are not worth anything.
        switch Int.random(in: 0..<40, using: &random) {
        case 0: app.lease?.position.sequence = driver.model.durable.sequence + .random(in: 1...2, using: &random)
        case 1: app.lease?.position.incarnation += 1
        case 2: app.lease?.namespace = namespaceFingerprint("elsewhere")
        default: break
        }
        let entry = InvalidationModel.Entry(
            scope: app.scope, key: app.key, distance: app.distance, dependencies: dependencies, tags: app.tags, fill: 0,
            expiresAt: driver.now + .random(in: 1...20_000, using: &random), payload: world.finish(app))
        try driver.insert(entry, lease: app.lease, into: app.namespace)
    }

    private mutating func look(_ scope: Scope, in name: String) throws {
        let key = random.chance(0.3) ? ExactKey(.random(in: 1...3, using: &random)) : nil
        let reach = key != nil && random.chance(0.5) ? nil : random.pick([0, 1, 2, 3, 3, 3])
        var position: Position?
        if random.chance(0.05) {
            position = driver.model.durable.position
            if random.chance(0.5) {
                position?.sequence += random.pick([0, 1])
            } else {
                position?.incarnation += random.pick([0, 1])
            }
        }
        let found = try driver.lookup(
            scope: scope, key: key, reach: reach, minimumPosition: position, sources: HistoryWorld.sources, in: name)
        for entry in found {
            if let fault = world.fault(entry.payload, in: name) { throw HistoryFailure(description: "stale: \(fault)") }
        }
    }

    private mutating func get(_ name: String) throws {
        guard let number = driver.model.contents[name]?.keys.sorted().randomElement(using: &random) else {
            return try driver.get(1, in: name)
        }
        try driver.get(number, in: name)
    }

    private mutating func delete(_ name: String) throws {
        guard let number = driver.model.contents[name]?.keys.sorted().randomElement(using: &random) else { return }
        try driver.delete(number, in: name)
    }

    // MARK: Operators

    private mutating func purge(_ name: String) throws {
        let fails = failsCommits && random.chance(0.2)
        let time = world.time
        if random.chance(0.6) {
            let tag = random.pick(HistoryWorld.tags)
            guard try driver.purge(.tag(tag), in: name, fails: fails) else { return }
            world.acknowledge { $0.tags["\(name) \(tag)"] = time }
        } else {
            let scope = random.pick(HistoryWorld.scopes)
            guard try driver.purge(.scope(scope), in: name, fails: fails) else { return }
            world.acknowledge { $0.scopes["\(name) \(scope)"] = time }
        }
    }

    private mutating func drop(_ name: String) throws {
        let existed = driver.model.contents[name] != nil
        try driver.drop(name)
        let time = world.time
        if existed { world.acknowledge { $0.drops[name] = time } }
    }

    private mutating func restore() throws {
        guard let (backup, known) = backups.randomElement(using: &random) else { return }
        try driver.restore(backup)
        world.restore(known)
    }

    private mutating func liftFence() throws {
        guard driver.model.knowledge.isFenced || random.chance(0.1) else { return }
        let wasFenced = driver.model.knowledge.isFenced
        try driver.liftFence()
        if wasFenced { world.liftFence() }
    }
}

extension Result where Failure == InvalidationModel.Refusal {
    fileprivate var code: CacheError.Code? { if case .failure(let refusal) = self { refusal.code } else { nil } }
}
