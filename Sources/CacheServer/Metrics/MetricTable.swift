import CacheAccess
import CacheEngine
import CacheMetrics
import CacheProtocol

/// All metrics of the service, in the order in which they are shown, and where each number comes from. docs/METRICS.md
/// has the same table for people.
enum MetricTable {
    /// A metric whose numbers stand in the statistics.
    struct Collected: Sendable {
        var family: MetricFamily
        /// Of each series in order, where in the statistics its number is: `engine.entryCount`.
        var paths: [String]
        /// Units of the statistics in one unit of the metric.
        var divisor = 1.0

        init(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ path: String, dividedBy divisor: Double = 1) {
            family = MetricFamily(name, kind, help)
            paths = [path]
            self.divisor = divisor
        }

        init(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String, label: String,
            _ series: KeyValuePairs<String, String>
        ) {
            self.init(MetricFamily(name, kind, help, label: label, series.map(\.key)), series.map(\.value))
        }

        init(_ family: MetricFamily, _ paths: [String]) {
            self.family = family
            self.paths = paths
        }
    }

    /// A metric that is recorded as things happen, and its name in the statistics.
    struct Recorded: Sendable {
        var family: MetricFamily
        var field: String
    }

    static let families = collected.map(\.family) + recorded.map(\.family)

    static let collected = [lookups] + traffic + access + contents + work + process

    private static let lookups: Collected = {
        let series = [
            ("hit", "key", "hitsByKey"), ("hit", "vector", "hitsByVector"),
            ("miss", "nothing-stored", "missesNothingStored"), ("miss", "below-threshold", "missesBelowThreshold"),
            ("miss", "stale", "missesStale"), ("miss", "expired", "missesExpired"), ("miss", "fenced", "missesFenced"),
            ("refused", "error", "lookupsRefused"),
        ]
        let family = MetricFamily(
            "semblance_lookups_total", .counter, "Lookups, by what came of them and why.",
            series: series.map { [MetricLabel("outcome", $0.0), MetricLabel("reason", $0.1)] })
        return Collected(family, series.map { "engine.\($0.2)" })
    }()

    private static let traffic: [Collected] = {
        let opcodes = Opcode.requests.map { "\($0)" }
        let requests = MetricFamily(
            "semblance_requests_total", .counter, "Requests that came, by their kind.",
            label: RequestTimings.requestLabel, opcodes)
        return [
            Collected(requests, opcodes.map { "requests.\($0)" }),
            Collected(
                "semblance_requests_refused_total", .counter,
                "Requests that were refused before the engine saw them.", "server.requestsRefused"),
            Collected(
                "semblance_overloaded_total", .counter, "Requests that found a full queue.", "engine.overloaded"),
            Collected("semblance_connections", .gauge, "Connections that are open.", "server.connections"),
            Collected(
                "semblance_connections_accepted_total", .counter, "Connections that were accepted.",
                "server.connectionsAccepted"),
            Collected(
                "semblance_connections_refused_total", .counter, "Connections beyond the limit.",
                "server.connectionsRefused"),
            Collected(
                "semblance_protocol_errors_total", .counter, "Connections that were ended for what they sent.",
                "server.protocolErrors"),
            Collected(
                "semblance_deadlines_exceeded_total", .counter, "Connections that were ended by a deadline.",
                "server.deadlinesExceeded"),
            Collected(
                "semblance_handshakes_failed_total", .counter, "Connections that ended before TLS was agreed upon.",
                "server.handshakesFailed"),
            Collected("semblance_received_bytes_total", .counter, "Bytes from clients.", "server.bytesReceived"),
            Collected("semblance_sent_bytes_total", .counter, "Bytes to clients.", "server.bytesSent"),
            Collected(
                "semblance_in_flight_bytes", .gauge, "Bytes of requests and replies that are held.",
                "server.bytesInFlight"),
            Collected(
                "semblance_queue_depth", .gauge, "Requests that wait for a thread of the engine.", label: "queue",
                ["reads": "engine.lookupsWaiting", "writes": "engine.writesWaiting"]),
        ]
    }()

    private static let access: [Collected] = {
        let reasons = AccessRefusal.allCases.map(\.rawValue) + ["ended"]
        let missing = AccessCounts.Missing.allCases.map(\.rawValue)
        return [
            Collected(
                MetricFamily(
                    "semblance_unauthenticated_total", .counter, "Connections without a token that holds.",
                    label: "reason", reasons),
                reasons.map { "access.unauthenticated.\($0)" }),
            Collected(
                MetricFamily(
                    "semblance_forbidden_total", .counter, "Requests that their token is not good for.",
                    label: "missing", missing),
                missing.map { "access.forbidden.\($0)" }),
            Collected(
                "semblance_tokens_demanded", .gauge, "1 where clients must bring a token.", "access.demandsTokens"),
            Collected("semblance_tokens", .gauge, "Tokens that are known.", "access.tokens"),
            Collected(
                "semblance_token_reloads_total", .counter, "Times that the token file was read again.",
                label: "outcome", ["read": "access.reloads", "failed": "access.reloadsFailed"]),
        ]
    }()

    private static let contents = [
        Collected("semblance_namespaces", .gauge, "Namespaces that exist.", "engine.namespaceCount"),
        Collected("semblance_entries", .gauge, "Entries that are stored.", "engine.entryCount"),
        Collected("semblance_rows", .gauge, "Vectors that are stored.", "engine.rowCount"),
        Collected(
            "semblance_indexed_rows", .gauge, "Rows in search indexes, with those removed since they were built.",
            "engine.indexedRowCount"),
        Collected("semblance_index_bytes", .gauge, "Memory of the search indexes.", "engine.indexBytes"),
        Collected(
            "semblance_watermarks", .gauge, "Sources, tags and scopes whose newest change is known.",
            "engine.watermarkCount"),
        Collected(
            "semblance_used_bytes", .gauge, "Bytes of the store's file that were ever used.", "engine.usedBytes"),
        Collected(
            "semblance_limited_bytes", .gauge, "Bytes of the entries that a limit applies to.", "engine.limitedBytes"),
        Collected("semblance_entry_limit", .gauge, "Entries that the store keeps; 0 for no limit.", "engine.entryLimit"),
        Collected("semblance_byte_limit", .gauge, "Bytes that the store keeps; 0 for no limit.", "engine.byteLimit"),
        Collected("semblance_map_bytes", .gauge, "Bytes that the store's file may have.", "engine.mapBytes"),
    ]

    private static let work = [
        Collected(
            "semblance_inserts_total", .counter, "Insertions, by what came of them.", label: "outcome",
            ["stored": "engine.inserts", "refused": "engine.insertsRefused"]),
        Collected(
            "semblance_stale_rejects_total", .counter,
            "Insertions refused because their data had changed; among the refused ones.", "engine.insertsStale"),
        Collected(
            "semblance_invalidations_total", .counter, "Announcements that changed something.",
            "engine.invalidations"),
        Collected("semblance_purges_total", .counter, "Purges and dropped namespaces.", "engine.purges"),
        Collected(
            "semblance_evictions_total", .counter, "Entries that made room, by why it was they.", label: "reason",
            [
                "stale": "engine.evictionsStale", "expired": "engine.evictionsExpired", "value": "engine.evictionsValue",
            ]),
        Collected("semblance_evicted_bytes_total", .counter, "What they took.", "engine.evictedBytes"),
        Collected(
            "semblance_reclaimed_total", .counter, "Expired, stale and damaged entries that were removed.",
            "engine.reclaimed"),
        Collected(
            "semblance_damaged_records_total", .counter, "Records that were not what their checksums say.",
            "engine.damagedRecords"),
        Collected(
            "semblance_index_builds_total", .counter, "Search indexes, by what came of building them.",
            label: "outcome",
            [
                "built": "engine.indexBuilds", "repacked": "engine.indexRepacks", "failed": "engine.indexBuildsFailed",
            ]),
        Collected(
            "semblance_index_builds_pending", .gauge, "Search indexes that wait to be built or are being built.",
            "engine.indexBuildsPending"),
    ]

    private static let process = [
        Collected(
            "semblance_certificate_reloads_total", .counter,
            "Changed certificates and keys, by whether they could be used.",
            label: "outcome",
            ["loaded": "server.certificateReloads", "failed": "server.certificateReloadsFailed"]),
        Collected(
            "semblance_certificate_expires_seconds", .gauge,
            "When the certificate expires, in seconds since 1970; 0 without TLS.", "server.certificateExpiresAt"),
        Collected(
            "semblance_serving", .gauge, "1 while the store is open, 0 while it is opened anew.", "engine.isServing"),
        Collected(
            "semblance_fenced", .gauge, "1 while answers with dependencies are refused until sources are announced.",
            "engine.isFenced"),
        Collected(
            "semblance_snapshot_age_seconds", .gauge, "How long lookups have seen the last commit.",
            "engine.snapshotAgeMilliseconds", dividedBy: 1_000),
        Collected("semblance_uptime_seconds", .gauge, "How long the service has listened.", "uptimeSeconds"),
    ]

    static let recorded = [
        Recorded(
            family: MetricFamily(
                RequestTimings.requestName, .times,
                "From the arrival of a whole request until its reply is ready to be sent.",
                label: RequestTimings.requestLabel, Opcode.requests.map { "\($0)" }),
            field: "request"),
        Recorded(
            family: MetricFamily(
                EngineTimings.stageName, .times, "The steps of requests.", label: EngineTimings.stageLabel,
                RequestTimings.Stage.allCases.map(\.rawValue) + EngineTimings.Stage.allCases.map(\.rawValue)),
            field: "stage"),
        Recorded(
            family: MetricFamily(
                EngineTimings.commitName, .times, "Commits, their fsync included.", label: EngineTimings.commitLabel,
                EngineTimings.Commit.allCases.map(\.rawValue)),
            field: "commit"),
        Recorded(
            family: MetricFamily(
                EngineTimings.searchBatchName, .sizes, "Lookups that were searched together."),
            field: "searchBatch"),
        Recorded(
            family: MetricFamily(
                EngineTimings.commitBatchName, .sizes, "Writes that were committed together.",
                label: EngineTimings.commitLabel, EngineTimings.Commit.allCases.map(\.rawValue)),
            field: "commitBatch"),
    ]
}

extension Opcode {
    /// Those that a client may ask for.
    static var requests: [Opcode] { allCases.filter { $0 != .connection } }
}
