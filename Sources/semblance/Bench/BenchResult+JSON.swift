import CacheModel
import SemblanceClient

extension BenchResult {
    /// For programs. Times are nanoseconds; what does not apply is left out.
    var json: JSONText {
        .fields([
            "address": .text(address.description), "serverVersion": .text(serverVersion),
            "namespace": .text(material.namespace), "entryCount": .integer(entryCount),
            "dimension": material.dimension.map { .integer($0) }, "settings": settingsJSON,
            "load": load.map { load in
                .fields([
                    "rowCount": .integer(load.rowCount),
                    "elapsedNanoseconds": .integer(load.elapsed.microseconds * 1_000),
                ])
            },
            "ping": .fields(["latencyNanoseconds": Self.times(ping)]),
            "interrupted": .flag(isInterrupted), "sound": .flag(isSound),
            "elapsedNanoseconds": .unsigned(tally.elapsedNanoseconds), "sentCount": .integer(tally.sentCount),
            "answeredCount": .integer(tally.answeredCount), "errorCount": .integer(tally.errorCount),
            "unansweredCount": .integer(tally.unansweredCount),
            "lostConnectionCount": .integer(tally.lostConnectionCount),
            "answersPerSecond": .number(perSecond(tally.answeredCount)), "errors": Self.counts(tally.errors),
            "timetable": timetable.map(timetableJSON),
            "requests": .object(
                BenchKind.allCases.filter { tally[$0].sentCount > 0 }.map { .init($0.name, requestsJSON($0)) }),
        ])
    }

    private var settingsJSON: JSONText {
        var rate: Double?
        if case .perSecond(let perSecond) = settings.rate { rate = perSecond }
        return .fields([
            "loop": .text(rate == nil ? "closed" : "open"), "requestsPerSecond": rate.map { .number($0) },
            "once": .flag(settings.isOnce), "seconds": settings.seconds.map { .number($0) },
            "connectionCount": .integer(settings.connectionCount), "pipelineLimit": .integer(pipelineLimit),
            "threadCount": .integer(threadCount), "seed": .unsigned(settings.seed),
            "threshold": settings.threshold.map { .float($0) },
            "mix": .object(BenchKind.allCases.map { .init($0.name, .integer(settings.mix[$0])) }),
            "queryCount": .integer(material.lookups.count),
            "vectorCount": material.vectors.map { .integer($0.rowCount) },
            "sourceCount": .integer(material.sourceCount), "payloadBytes": .integer(settings.payloadBytes),
        ])
    }

    private func timetableJSON(_ timetable: BenchTimetable) -> JSONText {
        .fields([
            "kept": .flag(isRateKept ?? true), "scheduledCount": timetable.requestCount.map { .integer($0) },
            "unsentCount": .integer(tally.unsentCount), "behindNanoseconds": .unsigned(tally.behindNanoseconds),
            "blockedNanoseconds": .unsigned(tally.blockedNanoseconds),
            "sendDelayNanoseconds": Self.times(tally.sendDelay),
        ])
    }

    private func requestsJSON(_ kind: BenchKind) -> JSONText {
        let requests = tally[kind]
        var fields: [JSONText.Field] = [
            .init("sentCount", .integer(requests.sentCount)), .init("answeredCount", .integer(requests.answeredCount)),
            .init("errorCount", .integer(requests.errorCount)), .init("errors", Self.counts(requests.errors)),
            .init("answersPerSecond", .number(perSecond(requests.answeredCount))),
            .init("latencyNanoseconds", Self.times(requests.latency)),
        ]
        switch kind {
        case .lookup:
            let reasons = Miss.Reason.allCases.map { reason in
                JSONText.Field(LookupText.name(reason), .integer(tally.missCounts[reason] ?? 0))
            }
            fields += [
                .init("searchNanoseconds", Self.times(tally.search)),
                .init("overheadNanoseconds", Self.times(tally.overhead)), .init("hitCount", .integer(tally.hitCount)),
                .init("missCount", .integer(tally.missCount)), .init("misses", .object(reasons)),
            ]
        case .insert: fields.append(.init("replacedCount", .integer(tally.replacedCount)))
        case .invalidate, .ping: break
        }
        return .object(fields)
    }

    private static func counts(_ errors: [CacheError.Code: Int]) -> JSONText {
        .object(
            errors.sorted { $0.key.number < $1.key.number }.map { .init($0.key.rawValue, .integer($0.value)) })
    }

    private static func times(_ histogram: BenchHistogram) -> JSONText {
        .fields([
            "count": .integer(histogram.count), "min": .unsigned(histogram.minimumNanoseconds),
            "mean": .unsigned(histogram.meanNanoseconds), "p50": .unsigned(histogram.nanoseconds(atPercentile: 50)),
            "p90": .unsigned(histogram.nanoseconds(atPercentile: 90)),
            "p99": .unsigned(histogram.nanoseconds(atPercentile: 99)),
            "p999": .unsigned(histogram.nanoseconds(atPercentile: 99.9)),
            "max": .unsigned(histogram.maximumNanoseconds),
        ])
    }
}
