import CacheModel

/// How a vector was searched, as it is shown.
struct ExplanationText {
    var explanation: SearchExplanation

    private var counts: SearchExplanation.Counts { explanation.counts }
    private var times: SearchExplanation.Times { explanation.times }

    var lines: [String] {
        var lines = [
            "  plan \(name): \(number(counts.rows)) rows in the namespace, \(number(counts.scopeRows)) in the scope"
        ]
        if explanation.plan == .partition {
            lines += [
                "    \(number(counts.cellsVisited)) of \(number(counts.cells)) cells, \(number(counts.blocks)) blocks",
                "    \(number(counts.sketchesRead)) rows by their first sketch, \(number(counts.sketchesRefined)) by their second",
                "    \(number(counts.rowsCompared)) rows compared",
                "    µs: prepare \(micro(times.prepareNanoseconds)), centroids \(micro(times.centroidNanoseconds)), "
                    + "choose \(micro(times.chooseNanoseconds)), first sketches \(micro(times.sketchNanoseconds)), "
                    + "second \(micro(times.refineNanoseconds)), compare \(micro(times.compareNanoseconds))",
            ]
        } else {
            lines.append("    \(number(counts.rowsCompared)) rows compared in \(micro(times.compareNanoseconds)) µs")
        }
        return lines
    }

    var json: JSONText {
        var fields: [JSONText.Field] = [
            .init("plan", .text(name)), .init("rows", .unsigned(counts.rows)),
            .init("scopeRows", .unsigned(counts.scopeRows)), .init("rowsCompared", .unsigned(counts.rowsCompared)),
        ]
        if explanation.plan == .partition {
            fields += [
                .init("cells", .unsigned(counts.cells)), .init("cellsVisited", .unsigned(counts.cellsVisited)),
                .init("blocks", .unsigned(counts.blocks)), .init("sketchesRead", .unsigned(counts.sketchesRead)),
                .init("sketchesRefined", .unsigned(counts.sketchesRefined)),
                .init("prepareNanoseconds", .unsigned(times.prepareNanoseconds)),
                .init("centroidNanoseconds", .unsigned(times.centroidNanoseconds)),
                .init("chooseNanoseconds", .unsigned(times.chooseNanoseconds)),
                .init("sketchNanoseconds", .unsigned(times.sketchNanoseconds)),
                .init("refineNanoseconds", .unsigned(times.refineNanoseconds)),
            ]
        }
        fields.append(.init("compareNanoseconds", .unsigned(times.compareNanoseconds)))
        return .object(fields)
    }

    /// The plan's stable name.
    private var name: String {
        switch explanation.plan {
        case .scopeList: "scope-list"
        case .scan: "scan"
        case .partition: "partition"
        }
    }

    private func number(_ count: UInt64) -> String { NumberText.grouped(Int(clamping: count)) }

    private func micro(_ nanoseconds: UInt64) -> String {
        let tenths = Int(clamping: nanoseconds / 100)
        return "\(NumberText.grouped(tenths / 10)).\(tenths % 10)"
    }
}
