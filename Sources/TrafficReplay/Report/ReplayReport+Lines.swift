import GatewayCore

extension ReplayReport {
    /// For people: what was replayed, a table, and what is to be said about it.
    package var summary: [String] {
        var pairs: [(name: String, value: String)] = []
        var value = "\(NumberText.grouped(questions)) different, in \(NumberText.count(scopes, "scope", "scopes"))"
        value += "; \(NumberText.grouped(encodedTexts)) texts encoded"
        pairs.append(("questions", value))
        value = "\(NumberText.grouped(semanticRequests)) by meaning, \(NumberText.grouped(exactRequests)) letter for letter"
        value += " only, \(NumberText.grouped(bypassedRequests)) not at all"
        pairs.append(("compared", value))
        pairs.append(("cost", costText))
        if labeledRequests > 0 || labeledPairs > 0 {
            var texts: [String] = []
            if labeledRequests > 0 { texts.append(NumberText.count(labeledRequests, "request", "requests")) }
            if labeledPairs > 0 { texts.append(NumberText.count(labeledPairs, "pair", "pairs")) }
            pairs.append(("labels", texts.joined(separator: ", ")))
        } else {
            pairs.append(("labels", "none, so nobody can say which hits would have been false"))
        }
        return ["\(NumberText.count(requests, "request", "requests")) of \(NumberText.count(lines, "line", "lines"))"]
            + TextTable.pairs(pairs) + remarks
    }

    private var costText: String {
        let known = requests - requestsOfUnknownCost
        guard known > 0 else { return "not known of any request" }
        var text = "\(spent.text) for \(NumberText.count(known, "request", "requests"))"
        if requestsOfUnknownCost > 0 { text += ", unknown of \(NumberText.grouped(requestsOfUnknownCost))" }
        return text + "; where the log names no cost, by \(priceOrigin)"
    }

    /// What makes the figures other than they look.
    private var remarks: [String] {
        var lines: [String] = []
        if problemCount > 0 {
            lines.append("\(NumberText.count(problemCount, "line was", "lines were")) not replayed:")
            lines += problems.map { "  line \(NumberText.grouped($0.line)): \($0.reason)" }
            if problemCount > problems.count { lines.append("  and \(NumberText.grouped(problemCount - problems.count)) more") }
        }
        for (model, count) in unpricedModels.prefix(3) {
            lines.append("no price is known for '\(model)', \(NumberText.count(count, "request", "requests"))")
        }
        if uncountedRequests > 0 {
            lines.append(
                "\(NumberText.count(uncountedRequests, "request has", "requests have")) neither a cost nor tokens")
        }
        if fixedRequests > 0 {
            lines.append(
                "\(NumberText.count(fixedRequests, "request keeps", "requests keep")) a threshold of its own or of a use "
                    + "case that is not varied")
        }
        if needsTimes, !hasTimes { lines.append("the log has no times, so nothing expires") }
        if crowdedQuestions > 0 {
            lines.append(
                "of \(NumberText.count(crowdedQuestions, "question", "questions")) only the nearest "
                    + "\(NeighborLists.limit) earlier ones were looked at")
        }
        return lines
    }

    /// One row for each threshold.
    package var table: [String] {
        let digits = outcomes.map(\.saved.digits).min() ?? 2
        let hasEstimates = outcomes.contains { $0.expectedFalseHits != nil }
        var columns: [TextTable.Column] = [
            .init(thresholdTitle), .init("HIT RATE"), .init("EXACT"), .init("SEMANTIC"), .init("VETOED"),
        ]
        if hasLabels { columns += [.init("FALSE HITS"), .init("95% INTERVAL")] }
        if hasEstimates { columns.append(.init("FALSE, ESTIMATED")) }
        columns += [.init("SAVED"), .init("SAVED %")]
        var table = TextTable(columns)
        for outcome in outcomes {
            var cells = [
                Self.value(outcome.value), NumberText.percent(outcome.hitRate), NumberText.grouped(outcome.exactHits),
                NumberText.grouped(outcome.semanticHits), NumberText.grouped(outcome.vetoCount),
            ]
            if hasLabels {
                let of = " of \(NumberText.grouped(outcome.labeledHits))"
                cells += [NumberText.grouped(outcome.falseHits) + of, Self.interval(outcome.falseHitInterval)]
            }
            if hasEstimates { cells.append(outcome.expectedFalseHits.map { NumberText.fixed($0, digits: 1) } ?? "-") }
            cells += [outcome.saved.text(digits: digits), savedShare(outcome).map(NumberText.percent) ?? "-"]
            table.add(cells)
        }
        return table.lines + vetoTable + unknownSavings + unpromised
    }

    var thresholdTitle: String {
        if case .precision = outcomes.first?.target { return "PRECISION" }
        return "THRESHOLD"
    }

    /// Two digits, or as many as the value has.
    static func value(_ value: Double) -> String {
        let isWhole = (value * 100 - (value * 100).rounded()).magnitude < 1e-4
        return NumberText.fixed(value, digits: isWhole ? 2 : 4)
    }

    static func interval(_ interval: WilsonInterval?) -> String {
        interval.map { "\(NumberText.fixed($0.lower * 100, digits: 1))-\(NumberText.percent($0.upper))" } ?? "-"
    }

    /// Who vetoed, and how often for nothing as far as labels tell.
    private var vetoTable: [String] {
        let names = GuardName.allCases.filter { name in outcomes.contains { $0.vetoes[name] ?? 0 > 0 } }
        guard !names.isEmpty else { return [] }
        let hasModel = outcomes.contains { $0.improbable > 0 }
        let isLabeled = outcomes.contains { $0.labeledVetoes > 0 }
        var columns = [TextTable.Column("VETOED AT")] + names.map { TextTable.Column($0.rawValue.uppercased()) }
        if hasModel { columns.append(.init("IMPROBABLE")) }
        if isLabeled { columns.append(.init("ASKED THE SAME")) }
        var table = TextTable(columns)
        for outcome in outcomes {
            var cells = [Self.value(outcome.value)] + names.map { NumberText.grouped(outcome.vetoes[$0] ?? 0) }
            if hasModel { cells.append(NumberText.grouped(outcome.improbable)) }
            if isLabeled {
                cells.append("\(NumberText.grouped(outcome.wrongVetoes)) of \(NumberText.grouped(outcome.labeledVetoes))")
            }
            table.add(cells)
        }
        return [""] + table.lines
    }

    private var unpromised: [String] {
        let values = outcomes.filter { !$0.isPromised }.map { Self.value($0.value) }
        guard !values.isEmpty else { return [] }
        return ["", "The match model has seen too few pairs to promise \(values.joined(separator: ", ")): exact hits only."]
    }

    private var unknownSavings: [String] {
        let most = outcomes.map(\.hitsOfUnknownCost).max() ?? 0
        guard most > 0 else { return [] }
        return ["", "SAVED leaves out hits of unknown cost, up to \(NumberText.grouped(most)) at a threshold."]
    }
}
