import GatewayCore

/// Which models there are by name.
struct ModelListEndpoint: Sendable {
    let list: ModelList

    /// - Parameter encoder: the model of the encoder in this process; nil without one.
    init(_ routes: RouteTable, encoder: String?) { list = ModelList(routes, encoder: encoder) }

    /// In the form of whoever asks: Anthropic's clients always name the version of their API.
    func list(_ fields: [HeaderField]) -> Reply {
        .json(list.body(fields.isAnthropic ? .anthropic : .openAI))
    }

    /// - Throws: `model_not_found`.
    func model(_ identifier: String, _ fields: [HeaderField]) throws -> Reply {
        guard let body = list.body(of: identifier, fields.isAnthropic ? .anthropic : .openAI) else {
            throw GatewayError(.modelNotFound, "No route names the model '\(identifier)'.", parameter: "model")
        }
        return .json(body)
    }
}

extension [HeaderField] {
    /// Whether a client of Anthropic's API asks.
    var isAnthropic: Bool { contains { $0.name == "anthropic-version" } }
}
