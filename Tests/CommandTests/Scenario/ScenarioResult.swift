import SemblanceClient

/// What the Swift client was answered, in the words of the scenario.
enum ScenarioResult {
    static func error(_ error: CacheError) -> ScenarioValue {
        .object(["code": .text(error.code.rawValue), "detail": .object(error.detail.mapValues(ScenarioValue.text))])
    }

    static func refusal(_ refusal: CacheError) -> ScenarioValue {
        .object(["outcome": .text("refused"), "error": error(refusal)])
    }

    static func lookup(_ reply: LookupReply) -> ScenarioValue {
        var result: [String: ScenarioValue] = [
            "lease": .text(reply.lease.description),
            "source-sequences": .list(reply.sourceSequences.map { .number($0) }),
            "explanation": .optional(reply.explanation, explanation),
        ]
        switch reply.outcome {
        case .hits(let hits):
            result["outcome"] = .text("hits")
            result["hits"] = .list(hits.map(hit))
        case .miss(let miss):
            result["outcome"] = .text("miss")
            result["reason"] = .text(reason(miss.reason))
            result["nearest-similarity"] = .optional(miss.nearestSimilarity) { .number(Double($0)) }
        case .refused(let refusal):
            result["outcome"] = .text("refused")
            result["error"] = error(refusal)
        }
        return .object(result)
    }

    private static func hit(_ hit: Hit) -> ScenarioValue {
        .object([
            "match": .text(hit.match == .key ? "key" : "vector"), "similarity": .number(Double(hit.similarity)),
            "entry": entry(hit.entry),
        ])
    }

    private static func reason(_ reason: Miss.Reason) -> String {
        switch reason {
        case .nothingStored: "nothing-stored"
        case .belowThreshold: "below-threshold"
        case .stale: "stale"
        case .expired: "expired"
        case .fenced: "fenced"
        }
    }

    private static func explanation(_ explanation: SearchExplanation) -> ScenarioValue {
        let counts = explanation.counts
        let plan =
            switch explanation.plan {
            case .scopeList: "scope-list"
            case .scan: "scan"
            case .partition: "partition"
            }
        return .object([
            "plan": .text(plan), "rows": .number(counts.rows), "scope-rows": .number(counts.scopeRows),
            "rows-compared": .number(counts.rowsCompared), "cells": .number(counts.cells),
        ])
    }

    static func entry(_ entry: StoredEntry) -> ScenarioValue {
        .object([
            "number": .number(entry.identifier.number), "scope": .text(entry.scope.description),
            "key": .optional(entry.key) { .text($0.description) }, "content-type": .text(entry.contentType),
            "prompt": .optional(entry.prompt, ScenarioValue.text), "tags": .list(entry.tags.map(ScenarioValue.text)),
            "dependencies": .list(
                entry.dependencies.map { .object(version($0.version).merging(["source": .text($0.source)]) { $1 }) }),
            "payload": .optional(entry.text, ScenarioValue.text), "payload-length": .number(entry.payloadBytes),
            "cost-saved": .number(entry.costSavedNanodollars), "norm": .optional(entry.norm) { .number(Double($0)) },
            "expires-at": .optional(entry.expiresAt) { .number($0.milliseconds) },
        ])
    }

    static func insertion(_ outcome: InsertOutcome) -> ScenarioValue {
        switch outcome {
        case .stored(let entry, let replaced):
            .object([
                "outcome": .text("stored"), "entry": .number(entry.number),
                "replaced": .optional(replaced) { .number($0.number) },
            ])
        case .refused(let error): refusal(error)
        }
    }

    static func change(_ receipt: InvalidationReceipt) -> ScenarioValue {
        .object([
            "outcome": .text(receipt.changed ? "changed" : "already"),
            "position": .text(receipt.position.description), "state": state(receipt.state),
        ])
    }

    static func state(_ state: SourceState) -> ScenarioValue {
        .object(version(state.version).merging(["last-sequence": .number(state.lastSequence)]) { $1 })
    }

    private static func version(_ version: DataVersion) -> [String: ScenarioValue] {
        switch version {
        case .unnamed: [:]
        case .labelled(let label): ["label": .text(label)]
        case .ordered(let number, .zero): ["version": .number(number)]
        case .ordered(let number, let generation):
            ["version": .number(number), "generation": .text(generation.description)]
        }
    }

    static func purged(_ receipt: PurgeReceipt) -> ScenarioValue {
        .object(["entries": .number(receipt.entryCount), "position": .text(receipt.position.description)])
    }

    static func namespace(_ description: NamespaceDescription, name: String) -> ScenarioValue {
        let settings = description.settings
        return .object([
            "name": .text(name), "entries": .number(description.entryCount), "rows": .number(description.rowCount),
            "scopes": .number(description.scopeCount), "watermarks": .number(description.watermarkCount),
            "settings": .object([
                "dimension": .optional(settings.dimension) { .number($0) }, "model": .text(settings.model),
                "threshold": .number(Double(settings.threshold)),
                "time-to-live": .optional(settings.timeToLiveMilliseconds) { .number($0) },
                "capacity": .optional(settings.capacity) { .number($0) },
            ]),
        ])
    }
}
