/// What a service did between two looks at its statistics, and what it held at the second.
struct WatchSample: Sendable {
    let now: StatisticsDocument
    private let before: StatisticsDocument
    /// Between the two.
    let elapsed: Duration

    init(now: StatisticsDocument, before: StatisticsDocument, elapsed: Duration) {
        self.now = now
        self.before = before
        self.elapsed = elapsed
    }

    static let hitPaths = ["engine.hitsByKey", "engine.hitsByVector"]
    static let missPaths = [
        "engine.missesNothingStored", "engine.missesBelowThreshold", "engine.missesStale", "engine.missesExpired",
        "engine.missesFenced",
    ]
    static let lookupPaths = hitPaths + missPaths + ["engine.lookupsRefused"]

    /// How much a count has grown; after a restart of the service all of it is new.
    func growth(_ paths: [String]) -> Int {
        paths.reduce(0) { sum, path in
            let (new, old) = (now[path], before[path])
            return sum + (new >= old ? new - old : new)
        }
    }

    func growth(_ path: String) -> Int { growth([path]) }

    func perSecond(_ paths: [String]) -> Double {
        let seconds = elapsed.seconds
        return seconds > 0 ? Double(growth(paths)) / seconds : 0
    }

    func perSecond(_ path: String) -> Double { perSecond([path]) }

    /// The share of some lookups among all of them; nil when there were none.
    func share(_ paths: [String]) -> Double? {
        let all = growth(Self.lookupPaths)
        return all > 0 ? Double(growth(paths)) / Double(all) : nil
    }

    func histogram(_ name: String) -> BucketCounts {
        (now.histograms[name] ?? BucketCounts()).since(before.histograms[name] ?? BucketCounts())
    }

    /// Those that something was recorded in, in the order of their names.
    var histograms: [(name: String, counts: BucketCounts)] {
        now.histograms.keys.sorted().map { ($0, histogram($0)) }.filter { $0.1.count > 0 }
    }

    // MARK: JSON

    private static let rates: KeyValuePairs<String, [String]> = [
        "lookups": lookupPaths, "hits": hitPaths, "inserts": ["engine.inserts"],
        "insertsRefused": ["engine.insertsRefused"], "insertsStale": ["engine.insertsStale"],
        "invalidations": ["engine.invalidations"], "evictions": ["engine.evictions"],
        "reclaimed": ["engine.reclaimed"], "overloaded": ["engine.overloaded"],
        "requestsRefused": ["server.requestsRefused"], "bytesReceived": ["server.bytesReceived"],
        "bytesSent": ["server.bytesSent"],
    ]
    private static let values = [
        "engine.entryCount", "engine.rowCount", "engine.usedBytes", "engine.lookupsWaiting", "engine.writesWaiting",
        "engine.snapshotAgeMilliseconds", "server.connections", "server.bytesInFlight",
    ]

    var json: JSONText {
        let histograms = self.histograms.map { name, counts in
            JSONText.Field(
                name,
                .fields([
                    "count": .integer(counts.count), "p50": counts.quantile(0.5).map(JSONText.integer),
                    "p90": counts.quantile(0.9).map(JSONText.integer),
                    "p99": counts.quantile(0.99).map(JSONText.integer),
                    "most": counts.quantile(1).map(JSONText.integer),
                ]))
        }
        return .fields([
            "seconds": .number(elapsed.seconds),
            "perSecond": .object(Self.rates.map { JSONText.Field($0.key, .number(perSecond($0.value))) }),
            "now": .object(
                Self.values.map { path in
                    JSONText.Field(String(path.drop { $0 != "." }.dropFirst()), .integer(now[path]))
                }),
            "histograms": .object(histograms),
        ])
    }
}
