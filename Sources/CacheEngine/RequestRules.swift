package import CacheModel

/// What every request must keep to, whatever the store holds.
package enum RequestRules {
    /// - Throws: `invalid-argument` with detail `field`, `payload-too-large`, `limit-exceeded`.
    package static func check(_ insertion: Insertion, now: Timestamp) throws(CacheError) {
        guard insertion.key != nil || insertion.vector != nil else {
            throw invalid("vector", "an entry needs a vector, a key or both")
        }
        guard insertion.payload.count <= Limits.payloadBytes else {
            throw CacheError(
                .payloadTooLarge, "the payload is larger than the service stores",
                detail: ["limit": String(Limits.payloadBytes), "got": String(insertion.payload.count)])
        }
        try checkLength("prompt", insertion.prompt ?? "", 0...Limits.promptBytes)
        try checkLength("content-type", insertion.contentType, 0...Limits.contentTypeBytes)
        try checkCount("dependencies", insertion.dependencies.count, Limits.dependencyCount)
        try checkCount("tags", insertion.tags.count, Limits.tagCount)
        for tag in insertion.tags { try checkLength("tag", tag, 1...Limits.tagBytes) }
        for dependency in insertion.dependencies {
            try checkLength("source", dependency.source, 1...Limits.sourceBytes)
            if case .labelled(let label) = dependency.version { try checkLength("label", label, 1...Limits.labelBytes) }
        }
        let timestamps = 0...Limits.latestTimestampMilliseconds
        if let createdAt = insertion.createdAt, !timestamps.contains(createdAt.milliseconds) {
            throw invalid("created-at", "a creation lies outside of the years 1970 through 9999")
        }
        if let norm = insertion.norm, insertion.vector == nil || !norm.isFinite || norm <= 0 {
            throw invalid("norm", "the length of a vector is finite and more than 0, and there is a vector")
        }
        if let expiresAt = insertion.expiresAt {
            guard expiresAt > now, expiresAt.milliseconds <= Limits.latestTimestampMilliseconds else {
                throw invalid("expires-at", "the expiry is not in the future of the service's clock")
            }
        }
    }

    package static func check(_ lookup: Lookup) throws(CacheError) {
        guard lookup.key != nil || lookup.vector != nil else {
            throw invalid("vector", "a lookup needs a vector, a key or both")
        }
        guard Limits.neighborsRange.contains(lookup.neighbors) else {
            throw invalid("neighbors", "a lookup returns 1 through \(Limits.neighborsRange.upperBound) hits")
        }
        if let threshold = lookup.threshold, !(threshold >= -1 && threshold <= 1) {
            throw invalid("threshold", "a cosine similarity lies between -1 and 1")
        }
        if let age = lookup.maximumAgeMilliseconds, age < 0 { throw invalid("maximum-age", "an age is not negative") }
        try checkCount("sources", lookup.sources.count, Limits.namedSourceCount)
        for source in lookup.sources { try checkLength("source", source, 1...Limits.sourceBytes) }
    }

    package static func check(_ invalidation: Invalidation) throws(CacheError) {
        try checkLength("source", invalidation.source, 1...Limits.sourceBytes)
        guard case .label(let label, let expectation) = invalidation.change else { return }
        try checkLength("label", label, 1...Limits.labelBytes)
        if case .label(let expected) = expectation { try checkLength("label", expected, 1...Limits.labelBytes) }
    }

    package static func check(_ purge: Purge) throws(CacheError) {
        if case .tag(let tag) = purge { try checkLength("tag", tag, 1...Limits.tagBytes) }
    }

    package static func check(namespace name: String, _ settings: NamespaceSettings = .init()) throws(CacheError) {
        try checkLength("namespace", name, 1...Limits.namespaceBytes)
        try checkLength("model", settings.model, 0...Limits.modelBytes)
        if let dimension = settings.dimension, !Limits.dimensionRange.contains(dimension) {
            throw invalid("dimension", "embeddings have 1 through \(Limits.dimensionRange.upperBound) components")
        }
        guard settings.threshold >= -1 && settings.threshold <= 1 else {
            throw invalid("threshold", "a cosine similarity lies between -1 and 1")
        }
        if let timeToLive = settings.timeToLiveMilliseconds, timeToLive < 1 {
            throw invalid("time-to-live", "a time to live is at least a millisecond")
        }
        if let capacity = settings.capacity, !(1...Limits.rowsPerNamespace).contains(capacity) {
            throw invalid("capacity", "a capacity is 1 through \(Limits.rowsPerNamespace) entries")
        }
    }

    private static func checkLength(_ field: String, _ text: String, _ range: ClosedRange<Int>) throws(CacheError) {
        guard range.contains(text.utf8.count) else {
            throw CacheError(
                .invalidArgument, "\(field) has \(range.lowerBound) through \(range.upperBound) bytes of UTF-8",
                detail: ["field": field, "limit": String(range.upperBound), "got": String(text.utf8.count)])
        }
    }

    private static func checkCount(_ field: String, _ count: Int, _ limit: Int) throws(CacheError) {
        guard count <= limit else {
            throw CacheError(
                .invalidArgument, "at most \(limit) \(field) are allowed",
                detail: ["field": field, "limit": String(limit), "got": String(count)])
        }
    }

    private static func invalid(_ field: String, _ message: String) -> CacheError {
        CacheError(.invalidArgument, message, detail: ["field": field])
    }
}
