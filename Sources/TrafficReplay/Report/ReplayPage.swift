/// A replay as one HTML file that needs no other: the picture, the tables, and false hits to look at.
package struct ReplayPage {
    private let report: ReplayReport

    package init(_ report: ReplayReport) { self.report = report }

    package var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
        <title>Replay of \(NumberText.count(report.requests, "request", "requests"))</title>
        <style>
        :root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--quiet:#667085;--grid:#e6e9ee}
        @media (prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e8ecf2;--quiet:#98a2b3;--grid:#2a313c}}
        body{margin:2rem auto;max-width:860px;padding:0 1rem;background:var(--paper);color:var(--ink);
        font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        svg{max-width:100%;height:auto}pre{font:12px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-x:auto}
        h2{font-size:16px;margin:2rem 0 .5rem}table{border-collapse:collapse;width:100%;font-size:13px}
        td,th{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--grid)}
        th{color:var(--quiet);font-weight:600}td:first-child{font-variant-numeric:tabular-nums;white-space:nowrap}
        </style></head><body>
        \(ReplayChart(report).svg)
        <h2>What was replayed</h2>
        <pre>\(Self.text(report.summary))</pre>
        <h2>At each threshold</h2>
        <pre>\(Self.text(report.table))</pre>
        \(falseHits)
        </body></html>

        """
    }

    private static func text(_ lines: [String]) -> String { ReplayChart.escaped(lines.joined(separator: "\n")) }

    /// Each pair once, at the highest threshold that lets it through.
    private var falseHits: String {
        var seen: Set<[Int]> = []
        var rows: [String] = []
        for outcome in report.outcomes.reversed() {
            for hit in outcome.falseHitExamples where seen.insert([hit.line, hit.storedLine]).inserted {
                let cells = [
                    NumberText.fixed(Double(hit.similarity), digits: 4), "\(hit.line): \(Self.shortened(hit.prompt))",
                    "\(hit.storedLine): \(Self.shortened(hit.storedPrompt))",
                ]
                rows.append("<tr>" + cells.map { "<td>\(ReplayChart.escaped($0))</td>" }.joined() + "</tr>")
            }
        }
        guard !rows.isEmpty else { return "" }
        return """
            <h2>Hits that are labeled false</h2>
            <table><tr><th>similarity</th><th>line: asked</th><th>line: answered before</th></tr>
            \(rows.joined(separator: "\n"))
            </table>
            """
    }

    private static func shortened(_ text: String) -> String { text.count > 200 ? text.prefix(200) + "…" : text }
}
