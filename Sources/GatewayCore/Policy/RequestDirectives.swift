package import CacheModel

/// What a request asks of the gateway besides what it asks of the model.
package struct RequestDirectives: Hashable, Sendable {
    /// The cosine similarity at or above which a stored answer is taken, 0 through 1.
    package var threshold: Float?
    package var namespace: String?
    package var tags: [String] = []
    /// Each source once.
    package var dependencies: [Dependency] = []
    /// From before the data was read.
    package var lease: Lease?
    package var timeToLiveMilliseconds: Int64?
    package var useCase: String?
    package var user: String?
    package var route: RouteChoice?
    /// How long the answer may take.
    package var deadlineMilliseconds: Int64?
    /// Whether the prompt may be trimmed; nil for what is configured.
    package var isTrimmed: Bool?
    /// Whether the response waits until its answer is stored, or is not.
    package var waitsForStoring = false
    package var cacheControl = CacheControl()

    package init() {}

    /// Reads the headers and the body's metadata. A header goes before the same key of the metadata, which is checked
    /// all the same.
    ///
    /// - Parameters:
    ///   - headers: all of them; those of others are passed over.
    ///   - metadata: keys with other prefixes are passed over.
    /// - Throws: `invalid_header` that names the header, or the key as `metadata.semblance-…`, for what is not known,
    ///   cannot be read, is too long or stands there twice.
    package init(headers: [HeaderField], metadata: [String: String] = [:]) throws(GatewayError) {
        // In a fixed order, so that the same request has the same error.
        for (key, value) in metadata.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            let name = key.lowercased()
            guard let prefix = ModelRequest.metadataPrefixes.first(where: { name.hasPrefix($0) }) else { continue }
            let label = "metadata.\(key)"
            try read(value, as: Self.directive(name.dropFirst(prefix.count), label), label)
        }
        var lines: [DirectiveName: [String]] = [:]
        for field in headers where field.isOwn {
            let directive = try Self.directive(field.name.dropFirst(HeaderField.ownPrefix.count), field.name)
            lines[directive, default: []].append(field.value)
        }
        for directive in DirectiveName.allCases {
            guard let values = lines[directive] else { continue }
            guard directive.isList || values.count == 1 else {
                throw Self.invalid(directive.header, "is there \(values.count) times; once is enough")
            }
            try read(values.joined(separator: ","), as: directive, directive.header)
        }
        cacheControl = try CacheControl(lines: headers.values("cache-control"))
    }

    /// Nothing that is asked for is passed over in silence, so what there is not is refused.
    ///
    /// - Throws: `invalid_header` for a choice between models, and for a prompt that is to be trimmed.
    package func refuseWhatIsNotThere() throws(GatewayError) {
        if let route, route != .auto {
            throw Self.invalid(
                DirectiveName.route.header,
                "asks for '\(route.rawValue)', but no route leaves a choice between models: name the model, or say auto")
        }
        if isTrimmed ?? false {
            throw Self.invalid(
                DirectiveName.trim.header, "is on, but prompts are passed on as they are: say off, or leave it out")
        }
    }

    private static func directive(_ name: Substring, _ label: String) throws(GatewayError) -> DirectiveName {
        if let directive = DirectiveName(rawValue: String(name)) { return directive }
        let near = NearestName.of(String(name), in: DirectiveName.allCases.map(\.rawValue))
        let known = DirectiveName.allCases.map(\.rawValue).joined(separator: ", ")
        let advice = near.map { "did you mean '\(HeaderField.ownPrefix)\($0)'?" } ?? "there are \(known)."
        throw GatewayError(.invalidHeader, "\(label) is not known; \(advice)", parameter: label)
    }

    static func invalid(_ label: String, _ reason: String) -> GatewayError {
        GatewayError(.invalidHeader, "\(label) \(reason).", parameter: label)
    }
}
