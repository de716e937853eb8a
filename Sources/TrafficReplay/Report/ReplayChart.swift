import GatewayCore

/// A replay as a picture: what share of requests became hits, what share of them would have been false, and what they
/// would have saved, over the threshold.
package struct ReplayChart {
    let report: ReplayReport
    private let left = 74.0
    private let right = 172.0
    private let width = 860.0
    private let points: [ReplayOutcome]
    private let horizontal: ChartScale

    package init(_ report: ReplayReport) {
        self.report = report
        points = report.outcomes
        let low = points.map(\.value).min() ?? 0
        let high = points.map(\.value).max() ?? 1
        let margin = high > low ? 0 : 0.01
        horizontal = ChartScale(low: low - margin, high: high + margin, start: left, end: width - right)
    }

    /// An SVG document.
    package var svg: String {
        var parts: [String] = []
        var top = 86.0
        parts.append(hits(top: top, height: 220))
        top += 220 + 62
        if report.hasLabels {
            parts.append(falseHits(top: top, height: 120))
            top += 120 + 62
        }
        parts.append(savings(top: top, height: 120))
        top += 120
        parts.append(horizontalAxis(top))
        let height = top + 52
        let title = "\(NumberText.count(report.requests, "request", "requests")), replayed"
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.n(width)) \(Self.n(height))" width="\(Self.n(width))" \
            height="\(Self.n(height))" role="img" aria-label="Hits, false hits and savings over the threshold">
            <style>\(Self.style)</style>
            <rect class="paper" width="100%" height="100%"/>
            <text class="title" x="\(Self.n(left))" y="34">\(title)</text>
            \(parts.joined(separator: "\n"))
            </svg>

            """
    }

    // MARK: Panels

    private func hits(top: Double, height: Double) -> String {
        let requests = Double(max(1, report.requests))
        let most = points.map { Double($0.hits + $0.vetoCount) / requests }.max() ?? 0
        let scale = ChartScale.upTo(most, atLeast: 0.05, start: top + height, end: top)
        let exact = points.map { Double($0.exactHits) / requests }
        let all = points.map(\.hitRate)
        let vetoed = points.map { Double($0.hits + $0.vetoCount) / requests }
        var parts = [frame("Answered from the cache, share of requests", scale, top) { Self.percent($0) }]
        parts.append(area(exact.map { _ in 0 }, exact, scale, "exact"))
        parts.append(area(exact, all, scale, "semantic"))
        parts.append(line(all, scale, "semantic-line"))
        if zip(all, vetoed).contains(where: { $0 < $1 }) { parts.append(line(vetoed, scale, "veto-line")) }
        // Named at the left end, where the areas are widest, and told apart by their height at the right.
        var labels = [(exact.last ?? 0, "letter for letter", "exact-text"), (all.last ?? 0, "and by meaning", "semantic-text")]
        if zip(all, vetoed).contains(where: { $0 < $1 }) {
            labels.append((vetoed.last ?? 0, "and what was vetoed", "veto-text"))
        }
        parts.append(names(labels, scale))
        return parts.joined(separator: "\n")
    }

    private func falseHits(top: Double, height: Double) -> String {
        let known = points.filter { $0.labeledHits > 0 }
        let most = known.compactMap { $0.falseHitInterval?.upper }.max() ?? 0
        let scale = ChartScale.upTo(most, atLeast: 0.02, start: top + height, end: top)
        var parts = [frame("False among labeled hits by meaning, with 95% intervals", scale, top) { Self.percent($0) }]
        let lower = known.compactMap { $0.falseHitInterval?.lower }
        let upper = known.compactMap { $0.falseHitInterval?.upper }
        let shares = known.compactMap(\.falseHitShare)
        parts.append(area(lower, upper, scale, "false", of: known))
        parts.append(line(shares, scale, "false-line", of: known))
        if known.count == points.count { parts.append(names([(shares.last ?? 0, "false hits", "false-text")], scale)) }
        return parts.joined(separator: "\n")
    }

    private func savings(top: Double, height: Double) -> String {
        let dollars = points.map { Double($0.saved.count) / 1e9 }
        let scale = ChartScale.upTo(dollars.max() ?? 0, atLeast: 1e-9, start: top + height, end: top)
        let digits = scale.high >= 10 ? 0 : scale.high >= 0.1 ? 2 : scale.high >= 0.01 ? 3 : 6
        var title = "Saved"
        if report.spent > .zero { title += ", of \(report.spent.text) spent" }
        var parts = [frame(title, scale, top) { "$" + NumberText.fixed($0, digits: digits) }]
        parts.append(area(dollars.map { _ in 0 }, dollars, scale, "saved"))
        parts.append(line(dollars, scale, "saved-line"))
        let share = points.last.flatMap { report.savedShare($0) }.map { "\(NumberText.percent($0)) of it" } ?? "saved"
        parts.append(names([(dollars.last ?? 0, share, "saved-text")], scale))
        return parts.joined(separator: "\n")
    }

    // MARK: Parts of panels

    private func frame(_ title: String, _ scale: ChartScale, _ top: Double, _ text: (Double) -> String) -> String {
        var parts = [#"<text class="heading" x="\#(Self.n(left))" y="\#(Self.n(top - 14))">\#(Self.escaped(title))</text>"#]
        for mark in scale.marks(4) {
            let y = Self.n(scale.place(mark))
            let kind = mark == 0 ? "axis" : "grid"
            parts.append(
                #"<line class="\#(kind)" x1="\#(Self.n(left))" y1="\#(y)" x2="\#(Self.n(width - right))" y2="\#(y)"/>"#)
            parts.append(
                #"<text class="mark" x="\#(Self.n(left - 10))" y="\#(y)" dy="0.35em" text-anchor="end">\#(text(mark))</text>"#)
        }
        return parts.joined(separator: "\n")
    }

    private func horizontalAxis(_ top: Double) -> String {
        var parts: [String] = []
        for mark in horizontal.marks(8) {
            let x = Self.n(horizontal.place(mark))
            parts.append(#"<line class="axis" x1="\#(x)" y1="\#(Self.n(top))" x2="\#(x)" y2="\#(Self.n(top + 5))"/>"#)
            parts.append(
                #"<text class="mark" x="\#(x)" y="\#(Self.n(top + 20))" text-anchor="middle">\#(ReplayReport.value(mark))</text>"#)
        }
        let name = report.thresholdTitle == "PRECISION" ? "target precision" : "threshold, cosine similarity"
        let middle = Self.n((left + width - right) / 2)
        parts.append(#"<text class="mark" x="\#(middle)" y="\#(Self.n(top + 42))" text-anchor="middle">\#(name)</text>"#)
        return parts.joined(separator: "\n")
    }

    private func area(
        _ lower: [Double], _ upper: [Double], _ scale: ChartScale, _ kind: String, of outcomes: [ReplayOutcome]? = nil
    ) -> String {
        let outcomes = outcomes ?? points
        let there = zip(outcomes, upper).map { place($0, $1, scale) }
        let back = zip(outcomes, lower).map { place($0, $1, scale) }.reversed()
        return #"<polygon class="\#(kind)" points="\#((there + back).joined(separator: " "))"/>"#
    }

    private func line(
        _ values: [Double], _ scale: ChartScale, _ kind: String, of outcomes: [ReplayOutcome]? = nil
    ) -> String {
        let places = zip(outcomes ?? points, values).map { place($0, $1, scale) }
        var text = #"<polyline class="\#(kind)" points="\#(places.joined(separator: " "))"/>"#
        guard places.count <= 40, kind != "veto-line" else { return text }
        for place in places {
            let parts = place.split(separator: ",")
            text += #"<circle class="\#(kind)-dot" cx="\#(parts[0])" cy="\#(parts[1])" r="2.6"/>"#
        }
        return text
    }

    private func place(_ outcome: ReplayOutcome, _ value: Double, _ scale: ChartScale) -> String {
        Self.n(horizontal.place(outcome.value)) + "," + Self.n(scale.place(value))
    }

    /// What lines are, at their right ends, moved apart where they would lie on each other.
    private func names(_ labels: [(value: Double, text: String, kind: String)], _ scale: ChartScale) -> String {
        var lowest = Double.infinity
        return labels.map { value, text, kind in
            let y = min(scale.place(value), lowest - 15)
            lowest = y
            return #"<text class="\#(kind)" x="\#(Self.n(width - right + 10))" y="\#(Self.n(y))" dy="0.35em">\#(Self.escaped(text))</text>"#
        }
        .joined(separator: "\n")
    }

    // MARK: Text

    private static func n(_ number: Double) -> String {
        var text = NumberText.fixed(number, digits: 2).filter { $0 != "," }
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text.isEmpty || text == "-" ? "0" : text
    }

    private static func percent(_ share: Double) -> String {
        let percent = share * 100
        return NumberText.fixed(percent, digits: (percent - percent.rounded()).magnitude < 1e-6 ? 0 : 1) + "%"
    }

    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
    }

    static let style = """
        svg{--paper:#fff;--ink:#1c2430;--quiet:#667085;--grid:#e6e9ee;--exact:#27517f;--semantic:#3f9c8f;--false:#c8473f;\
        --saved:#b98215;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}\
        @media (prefers-color-scheme:dark){svg{--paper:#12161c;--ink:#e8ecf2;--quiet:#98a2b3;--grid:#2a313c;\
        --exact:#6d9fd8;--semantic:#5cc2b2;--false:#ee7d73;--saved:#e2ae4a}}\
        .paper{fill:var(--paper)}text{fill:var(--ink)}.title{font-size:18px;font-weight:600}\
        .heading{font-size:13px;font-weight:600}.mark{font-size:12px;fill:var(--quiet)}\
        .axis{stroke:var(--quiet);stroke-width:1}.grid{stroke:var(--grid);stroke-width:1}\
        polyline{fill:none;stroke-width:2;stroke-linejoin:round}\
        .exact{fill:var(--exact);fill-opacity:.85}.semantic{fill:var(--semantic);fill-opacity:.45}\
        .semantic-line{stroke:var(--semantic)}.semantic-line-dot{fill:var(--semantic)}\
        .veto-line{stroke:var(--quiet);stroke-width:1.5;stroke-dasharray:4 4}\
        .false{fill:var(--false);fill-opacity:.18}.false-line{stroke:var(--false)}.false-line-dot{fill:var(--false)}\
        .saved{fill:var(--saved);fill-opacity:.2}.saved-line{stroke:var(--saved)}.saved-line-dot{fill:var(--saved)}\
        .exact-text,.semantic-text,.false-text,.saved-text,.veto-text{font-size:12px;font-weight:600}\
        .exact-text{fill:var(--exact)}.semantic-text{fill:var(--semantic)}.false-text{fill:var(--false)}\
        .saved-text{fill:var(--saved)}.veto-text{fill:var(--quiet);font-weight:400}
        """
}
