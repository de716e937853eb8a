import GatewayCore

/// Which models there are by name.
struct ModelListEndpoint: Sendable {
    let list: ModelList

    init(_ routes: RouteTable) { list = ModelList(routes) }

    /// In the form of whoever asks: Anthropic's clients always name the version of their API.
    func list(_ fields: [HeaderField]) -> Reply {
        .json(list.body(fields.contains { $0.name == "anthropic-version" } ? .anthropic : .openAI))
    }

    /// - Throws: `model_not_found`.
    func model(_ identifier: String) throws -> Reply {
        guard let body = list.body(of: identifier) else {
            throw GatewayError(.modelNotFound, "No route names the model '\(identifier)'.", parameter: "model")
        }
        return .json(body)
    }
}
