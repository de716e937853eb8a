import CacheModel

/// The answer to a lookup as it is shown.
struct LookupText {
    var reply: LookupReply
    /// Those that the lookup named, in its order.
    var sources: [String] = []
    var roundTrip: Duration

    private var searchMicroseconds: Int { Int(clamping: reply.searchNanoseconds / 1_000) }

    var lines: [String] {
        var lines: [String] = []
        switch reply.outcome {
        case .hits(let hits):
            for (index, hit) in hits.enumerated() {
                lines.append(
                    "hit   \(NumberText.similarity(hit.similarity)) by \(hit.match)  entry \(hit.entry.identifier)")
                lines += EntryText.lines(hit.entry, isBrief: index > 0)
            }
        case .miss(let miss):
            lines.append("miss  \(Self.explanation(miss))")
        case .refused(let error): lines.append("refused  \(error)")
        }
        for (source, sequence) in zip(sources, reply.sourceSequences) {
            lines.append(
                "  \(source) " + (sequence == 0 ? "was never announced" : "changed last at sequence \(sequence)"))
        }
        lines.append("  \(times)")
        if let explanation = reply.explanation { lines += ExplanationText(explanation: explanation).lines }
        return lines
    }

    var times: String {
        "\(NumberText.microseconds(roundTrip)) round trip, \(NumberText.grouped(searchMicroseconds)) µs of it search"
    }

    var json: JSONText {
        var fields: [JSONText.Field] = []
        switch reply.outcome {
        case .hits(let hits):
            fields.append(.init("outcome", "hit"))
            fields.append(.init("hits", .array(hits.map(Self.json))))
        case .miss(let miss):
            fields.append(.init("outcome", "miss"))
            fields.append(.init("reason", .text(Self.name(miss.reason))))
            if let nearest = miss.nearestSimilarity { fields.append(.init("nearestSimilarity", .float(nearest))) }
        case .refused(let error):
            fields.append(.init("outcome", "refused"))
            fields.append(.init("code", .text(error.code.rawValue)))
        }
        fields.append(.init("lease", .text(reply.lease.description)))
        if !sources.isEmpty {
            let states = zip(sources, reply.sourceSequences).map { source, sequence in
                JSONText.fields(["source": .text(source), "lastSequence": .unsigned(sequence)])
            }
            fields.append(.init("sources", .array(states)))
        }
        fields.append(.init("roundTripMicroseconds", .integer(roundTrip.microseconds)))
        fields.append(.init("searchMicroseconds", .integer(searchMicroseconds)))
        if let explanation = reply.explanation {
            fields.append(.init("explanation", ExplanationText(explanation: explanation).json))
        }
        return .object(fields)
    }

    private static func json(_ hit: Hit) -> JSONText {
        .object(
            [
                .init("match", .text("\(hit.match)")), .init("similarity", .float(hit.similarity)),
            ] + EntryText.fields(hit.entry))
    }

    /// The reason's stable name.
    static func name(_ reason: Miss.Reason) -> String {
        switch reason {
        case .nothingStored: "nothing-stored"
        case .belowThreshold: "below-threshold"
        case .stale: "stale"
        case .expired: "expired"
        case .fenced: "fenced"
        }
    }

    static func explanation(_ miss: Miss) -> String {
        let nearest = miss.nearestSimilarity.map { ", the nearest fresh one has \(NumberText.similarity($0))" } ?? ""
        return switch miss.reason {
        case .nothingStored: "nothing is stored here that could match"
        case .belowThreshold: "below the threshold\(nearest)"
        case .stale: "stale: what the matching answer was built from has changed\(nearest)"
        case .expired: "expired: the matching answer is too old\(nearest)"
        case .fenced: "fenced: the store cannot vouch for freshness\(nearest)"
        }
    }
}
