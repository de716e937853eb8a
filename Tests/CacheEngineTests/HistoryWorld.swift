import CacheModel

/// A world in which data really changes, beside a store that is told of it: pipelines publish a state and announce it
/// later, twice, out of order; apps take a lease or not, read, also from lagging replicas, and insert late. The world
/// knows which state each answer was built from, so it knows what is stale, whatever engine and model agree on.
struct HistoryWorld {
    enum Kind: CaseIterable { case versions, labels, bumped }

    struct Place: Hashable {
        var namespace: String
        var source: String
    }

    /// The published states of one source. Version `versions[n]` or label `Ln` belongs to state `n`.
    struct History {
        var kind: Kind
        var state = 0
        var versions: [UInt64] = [1]
        var generations: [Generation] = [.zero]
        var generation = Generation.zero
    }

    struct Announcement {
        var place: Place
        var state: Int
        var generation: Generation
    }

    struct Read {
        var place: Place
        var state: Int
        var isNamed: Bool
    }

    /// An app on its way from reading to storing.
    struct App {
        var namespace: String
        var lease: Lease?
        var reads: [Read]
        var scope: Scope
        var tags: [String]
        var key: ExactKey?
        var distance: Int?
        var readAt: Int
    }

    /// What was acknowledged: the newest state of each source, and when tags, scopes and namespaces were last purged.
    struct Acknowledged {
        var states: [Place: Int] = [:]
        var tags: [String: Int] = [:]
        var scopes: [String: Int] = [:]
        var drops: [String: Int] = [:]

        mutating func announce(_ place: Place, _ state: Int) { states[place] = max(states[place, default: 0], state) }
    }

    static let namespaces = ["support", "sales"]
    static let scopes = [Scope(1), Scope(2)]
    static let tags = ["red", "green", "blue"]
    static let sources = ["s0", "s1", "s2", "s3"]

    var histories: [Place: History] = [:]
    /// What must hold now.
    var acknowledged = Acknowledged()
    /// What the store itself was told, losses taken into account: all that must hold after an operator has lifted the
    /// fence.
    var known = Acknowledged()
    var pending: [Announcement] = []
    var apps: [App] = []
    /// Apps that have inserted; a payload is an index into it.
    var inserted: [App] = []
    var time = 0

    init(_ random: inout HistoryRandom) {
        for source in Self.sources {
            let kind = random.pick(Kind.allCases)
            for namespace in Self.namespaces {
                histories[Place(namespace: namespace, source: source)] = History(kind: kind)
            }
        }
    }

    // MARK: Truth

    mutating func acknowledge(_ change: (inout Acknowledged) -> Void) {
        change(&acknowledged)
        change(&known)
    }

    /// The store went back to a backup. The fence must still keep every promise but that of purges by scope and of
    /// drops, which no fence can know of.
    mutating func restore(_ backup: Acknowledged) {
        known = backup
        acknowledged.scopes = backup.scopes
        acknowledged.drops = backup.drops
    }

    /// The operator vouches for what the store knows.
    mutating func liftFence() { acknowledged = known }

    /// Nil when the answer rests on nothing older than what was acknowledged.
    func fault(_ payload: [UInt8], in namespace: String) -> String? {
        let index = payload.reversed().reduce(0) { $0 << 8 | Int($1) }
        let app = inserted[index]
        for read in app.reads where read.state < acknowledged.states[read.place, default: 0] {
            return "entry \(index) rests on state \(read.state) of \(read.place.source), "
                + "\(acknowledged.states[read.place, default: 0]) is acknowledged"
        }
        for tag in app.tags where app.readAt < acknowledged.tags["\(namespace) \(tag)", default: 0] {
            return "entry \(index) was read at \(app.readAt), before its tag \(tag) was purged"
        }
        if app.readAt < acknowledged.scopes["\(namespace) \(app.scope)", default: 0] {
            return "entry \(index) was read at \(app.readAt), before its scope \(app.scope.fingerprint) was purged"
        }
        if !app.reads.isEmpty || !app.tags.isEmpty, app.readAt < acknowledged.drops[namespace, default: 0] {
            return "entry \(index) was read at \(app.readAt), before its namespace was dropped"
        }
        return nil
    }

    // MARK: Data

    /// - Returns: the new state's announcement.
    mutating func publish(_ place: Place, _ random: inout HistoryRandom) -> Announcement {
        var history = histories[place] ?? History(kind: .bumped)
        history.state += 1
        history.versions.append((history.versions.last ?? 1) + UInt64.random(in: 1...3, using: &random))
        history.generations.append(history.generation)
        histories[place] = history
        return Announcement(place: place, state: history.state, generation: history.generation)
    }

    /// The source is restored to an earlier point in time: the new state's version is lower.
    mutating func rewind(_ place: Place, _ random: inout HistoryRandom) -> UInt64 {
        var history = histories[place] ?? History(kind: .bumped)
        let last = history.versions.last ?? 1
        let version = max(1, last - min(last, UInt64.random(in: 1...5, using: &random)))
        history.state += 1
        history.versions.append(version)
        history.generations.append(history.generation)
        histories[place] = history
        return version
    }

    /// The newest state now belongs to this generation.
    mutating func begin(_ generation: Generation, _ place: Place) {
        guard let state = histories[place]?.state else { return }
        histories[place]?.generation = generation
        histories[place]?.generations[state] = generation
    }

    func dependency(_ read: Read) -> Dependency {
        guard read.isNamed, let history = histories[read.place] else { return Dependency(read.place.source) }
        switch history.kind {
        case .versions:
            return Dependency(
                read.place.source, .ordered(history.versions[read.state], generation: history.generations[read.state]))
        case .labels: return Dependency(read.place.source, .labelled("L\(read.state)"))
        case .bumped: return Dependency(read.place.source)
        }
    }

    /// The payload that leads back to the app.
    mutating func finish(_ app: App) -> [UInt8] {
        inserted.append(app)
        let index = UInt32(inserted.count - 1)
        return withUnsafeBytes(of: index.littleEndian) { Array($0) }
    }
}
