package import CacheModel

/// What a response says about how it came to be.
package struct Disclosure: Hashable, Sendable {
    /// The value of `x-semblance-cache`: one of these words and nothing else, so that clients may compare it.
    package enum Outcome: String, Hashable, Sendable, CaseIterable {
        /// The same question, letter for letter.
        case hit
        /// A question that means the same.
        case semanticHit = "semantic-hit"
        case miss
        /// The cache was not asked, or could not answer.
        case bypass
        /// The cache cannot vouch for the freshness of what it has.
        case fenced
    }

    package enum Stored: Hashable, Sendable {
        case yes(EntryIdentifier)
        /// It is being stored while the response is on its way.
        case pending
        case no(CacheReason)

        /// As `x-semblance-stored` says it.
        package var text: String {
            switch self {
            case .yes: "yes"
            case .pending: "pending"
            case .no(let reason): "no; \(reason.text)"
            }
        }
    }

    package var outcome: Outcome
    /// Why it is no hit, or why only letters were compared.
    package var reason: CacheReason?
    /// Of the hit, or of the nearest that was not near enough.
    package var similarity: Float?
    /// That the question of the hit, or the nearest one, asks the same: by the match model, 0 through 1.
    package var probability: Double?
    package var entry: EntryIdentifier?
    /// Of the question that the stored answer was given to.
    package var matchedPrompt: ExactKey?
    /// The model that answered, as its upstream calls it.
    package var model: String?
    package var routeReason: String?
    /// Time spent in the gateway and the cache, the upstream's not counted.
    package var overheadMicroseconds: UInt64?
    package var requestIdentifier: String
    /// Known before the body only where nothing is stored, or nothing is streamed.
    package var stored: Stored?
    package var ageMilliseconds: Int64?
    /// For the next request of an app that reads its data after this response.
    package var lease: Lease?

    package init(_ outcome: Outcome, reason: CacheReason? = nil, requestIdentifier: String) {
        self.outcome = outcome
        self.reason = reason
        self.requestIdentifier = requestIdentifier
    }

    /// Lines for the response, in a fixed order. Whatever a peer wrote is printable ASCII in them, and no longer than
    /// `GatewayLimits.disclosedBytes`.
    package var headerFields: [HeaderField] {
        var fields: [HeaderField] = []
        func add(_ name: String, _ value: String?) {
            if let value { fields.append(HeaderField(HeaderField.ownPrefix + name, Self.printable(value))) }
        }
        add("cache", outcome.rawValue)
        add("cache-reason", reason?.text)
        add("similarity", similarity.flatMap { $0.isFinite ? DecimalText.text(Double($0), digits: 4) : nil })
        add("probability", probability.flatMap { $0.isFinite ? DecimalText.text($0, digits: 4) : nil })
        add("entry", entry?.description)
        add("matched-prompt-hash", matchedPrompt?.description)
        add("model", model)
        add("route-reason", routeReason)
        add("overhead-us", overheadMicroseconds.map { String($0) })
        add("request-id", requestIdentifier)
        add("stored", stored?.text)
        add("lease", lease?.description)
        // Whole seconds, rounded down, as HTTP has it.
        if let ageMilliseconds { fields.append(HeaderField("age", String(max(0, ageMilliseconds) / 1_000))) }
        return fields
    }

    private static func printable(_ text: String) -> String {
        if text.utf8.count <= GatewayLimits.disclosedBytes, text.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) {
            return text
        }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            guard bytes.count < GatewayLimits.disclosedBytes else { break }
            bytes.append((0x20...0x7e).contains(byte) ? byte : UInt8(ascii: "?"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Disclosure {
    /// What a lookup has found, before guards and budgets have their say.
    package init(_ reply: LookupReply, requestIdentifier: String) {
        switch reply.outcome {
        case .hits(let hits):
            guard let best = hits.first else {
                self.init(.miss, reason: .nothingStored, requestIdentifier: requestIdentifier)
                break
            }
            self.init(best, requestIdentifier: requestIdentifier)
        case .miss(let miss):
            self.init(
                miss.reason == .fenced ? .fenced : .miss, reason: CacheReason(miss.reason),
                requestIdentifier: requestIdentifier)
            similarity = miss.nearestSimilarity
        case .refused(let error):
            let reason = CacheReason(error)
            self.init(reason == .fenced ? .fenced : .bypass, reason: reason, requestIdentifier: requestIdentifier)
        }
        lease = reply.lease
    }

    /// A hit that is given.
    package init(_ hit: Hit, requestIdentifier: String) {
        self.init(hit.match == .key ? .hit : .semanticHit, requestIdentifier: requestIdentifier)
        similarity = hit.similarity
        entry = hit.entry.identifier
        matchedPrompt = hit.entry.key
        ageMilliseconds = hit.entry.ageMilliseconds
    }
}
