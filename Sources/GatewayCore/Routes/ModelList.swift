import CacheModel

/// The models that the gateway can name: those of routes without a star, and its own encoder. What `GET /v1/models`
/// answers.
package struct ModelList: Hashable, Sendable {
    package struct Model: Hashable, Sendable {
        package var identifier: String
        /// The name of its upstream.
        package var owner: String
    }

    /// In the order of their names.
    package var models: [Model]

    /// - Parameter encoder: the model of the encoder in the gateway; nil without one.
    package init(_ table: RouteTable, encoder: String? = nil) {
        var models = table.routes.filter(\.pattern.isExact)
            .map { Model(identifier: $0.pattern.description, owner: $0.upstream) }
        if let encoder, !models.contains(where: { Name($0.identifier) == Name(encoder) }) {
            models.append(Model(identifier: encoder, owner: RouteTable.encoderTarget))
        }
        self.models = models.sorted { $0.identifier.utf8.lexicographicallyPrecedes($1.identifier.utf8) }
    }

    package func body(_ format: ErrorFormat) -> [UInt8] {
        switch format {
        case .openAI, .openAIResponses: openAIBody
        case .anthropic: anthropicBody
        }
    }

    private var openAIBody: [UInt8] {
        JSONWriter.object { json in
            json.member("object", "list")
            json.arrayMember("data") { json in
                for model in models { json.object { Self.writeOpenAI(model, to: &$0) } }
            }
        }
    }

    private var anthropicBody: [UInt8] {
        JSONWriter.object { json in
            json.arrayMember("data") { json in
                for model in models { json.object { Self.writeAnthropic(model, to: &$0) } }
            }
            json.member("has_more", false)
            json.optionalMember("first_id", models.first?.identifier)
            json.optionalMember("last_id", models.last?.identifier)
        }
    }

    /// What `GET /v1/models/{model}` answers; nil when there is no route of this name.
    package func body(of identifier: String, _ format: ErrorFormat = .openAI) -> [UInt8]? {
        models.first { $0.identifier.utf8.elementsEqual(identifier.utf8) }.map { model in
            JSONWriter.object { json in
                switch format {
                case .openAI, .openAIResponses: Self.writeOpenAI(model, to: &json)
                case .anthropic: Self.writeAnthropic(model, to: &json)
                }
            }
        }
    }

    private static func writeAnthropic(_ model: Model, to json: inout JSONWriter) {
        json.member("type", "model")
        json.member("id", model.identifier)
        json.member("display_name", model.identifier)
        json.member("created_at", "1970-01-01T00:00:00Z")
    }

    /// When a model was made, the gateway does not know: 0.
    private static func writeOpenAI(_ model: Model, to json: inout JSONWriter) {
        json.member("id", model.identifier)
        json.member("object", "model")
        json.member("created", 0)
        json.member("owned_by", model.owner)
    }
}
