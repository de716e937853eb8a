import GatewayCore

/// What a browser sees: that the gateway runs, and two lines to paste. One page, nothing loaded from elsewhere.
struct WelcomePage: Sendable {
    let reply: Reply

    init(_ configuration: GatewayConfiguration) {
        let address = "http://\(configuration.listen)"
        let models = ModelList(configuration.routes).models.map(\.identifier)
        let model = models.first ?? "gpt-4o-mini"
        let routes = configuration.routes.routes.prefix(Self.routeLimit).map { route in
            let (pattern, upstream) = (Self.escaped(route.pattern.description), Self.escaped(route.upstream))
            return "<tr><td><code>\(pattern)</code></td><td>\(upstream)</td></tr>"
        }
        let curl = """
            curl \(address)/v1/chat/completions \\
              -H "Authorization: Bearer $OPENAI_API_KEY" -H "Content-Type: application/json" \\
              -d '{"model": "\(model)", "messages": [{"role": "user", "content": "Hello!"}]}' -i
            """
        let python = """
            from openai import OpenAI

            client = OpenAI(base_url="\(address)/v1")
            client.chat.completions.create(
                model="\(model)", messages=[{"role": "user", "content": "Hello!"}])
            """
        let page = Self.page(
            curl: Self.escaped(curl), python: Self.escaped(python), parts: Self.parts(configuration),
            routes: routes.joined(separator: "\n"))
        reply = Reply(
            contentType: "text/html; charset=utf-8",
            fields: [
                HeaderField("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
                HeaderField("x-content-type-options", "nosniff"),
            ],
            body: .bytes(Array(page.utf8)))
    }

    private static let routeLimit = 50

    /// Rows of a name and a value each.
    private static func parts(_ configuration: GatewayConfiguration) -> String {
        let encoder =
            switch configuration.encoder {
            case .none: "none: questions are compared letter for letter"
            case .builtIn(let folder): "in this process, from \(folder)"
            case .remote(let server): "\(server.model) at \(server.baseURL)"
            }
        let matcher = configuration.matcherFolder.map { "match model and adapter from \($0)" }
        let useCases = configuration.useCases.map { useCase in
            switch useCase.matching {
            case nil: "\(useCase.name): letter for letter"
            case .similarity(let threshold): "\(useCase.name): by meaning, from a similarity of \(threshold) on"
            case .precision(let precision): "\(useCase.name): by meaning, at a precision of \(precision)"
            }
        }
        let rows = [
            ("Cache", "\(configuration.cache.address), namespace \(configuration.cache.namespace)"),
            ("Encoder", encoder), ("Matcher", matcher ?? "guards only"),
            ("Use cases", useCases.joined(separator: "; ")),
        ]
        return rows.map { "<tr><td>\($0.0)</td><td>\(escaped($0.1))</td></tr>" }.joined(separator: "\n")
    }

    /// Text as HTML shows it, also inside of attributes.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func page(curl: String, python: String, parts: String, routes: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Semblance gateway</title>
        <style>
        :root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6878; --paper: #f6f7f9; --card: #fff;
          --line: #e1e5ea; --mark: #0f766e; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6eaf0; --soft: #97a3b4; --paper: #12161c; --card: #1a2028; --line: #2a323d;
            --mark: #2dd4bf; } }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 3rem 1.25rem; background: var(--paper); color: var(--ink);
          font: 16px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif; }
        main { max-width: 46rem; margin: 0 auto; }
        h1 { font-size: 1.9rem; letter-spacing: -0.02em; margin: 0; }
        h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
        p { color: var(--soft); margin: .4rem 0; }
        .state { display: inline-flex; align-items: center; gap: .5rem; color: var(--mark); font-weight: 600; }
        .state::before { content: ""; width: .6rem; height: .6rem; border-radius: 50%; background: currentColor; }
        pre, table { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
        pre { padding: 1rem; overflow-x: auto; font: 13px/1.55 ui-monospace, "SF Mono", Menlo, monospace; margin: 0; }
        table { width: 100%; border-collapse: separate; border-spacing: 0; overflow: hidden; }
        td { padding: .45rem 1rem; border-top: 1px solid var(--line); } tr:first-child td { border-top: 0; }
        code { font: 13px ui-monospace, "SF Mono", Menlo, monospace; }
        </style>
        </head>
        <body>
        <main>
        <p class="state">running</p>
        <h1>Semblance gateway</h1>
        <p>Point any OpenAI or Anthropic client at this address. Answers that have been given before come from the
        cache; the header <code>x-semblance-cache</code> of every response says what happened.</p>
        <h2>What is running</h2>
        <table>
        \(parts)
        </table>
        <h2>From a shell</h2>
        <pre>\(curl)</pre>
        <h2>From Python</h2>
        <pre>\(python)</pre>
        <h2>Where models are routed</h2>
        <table>
        \(routes)
        </table>
        <h2>See also</h2>
        <p><code>GET /v1/models</code>, <code>GET /v1/lease</code>, <code>POST /v1/invalidations</code>,
        <code>GET /metrics</code>, <code>GET /healthz</code>, <code>GET /readyz</code></p>
        </main>
        </body>
        </html>

        """
    }
}
