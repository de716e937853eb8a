import CacheModel

/// How the webhook of somebody else's pipeline is read: where its items are, which of them count, what each names.
package struct WebhookMapping: Hashable, Sendable {
    /// The texts of a mapping, as the configuration has them.
    package struct Description: Hashable, Sendable {
        /// Where the items are: an array, or a single item. The first that is there counts.
        package var items = ["$"]
        /// A member of each item to step into, where there is one.
        package var within: String?
        /// Items count only if each of these values fits one of the patterns; what is not there fits none.
        package var conditions: [String: [String]] = [:]
        /// The name of the source.
        package var source = ""
        /// One of these, or neither: then it is a bump.
        package var version: String?
        package var label: String?
        /// The label that the new one replaces.
        package var previous: String?
        /// Nil for the configured one.
        package var namespace: String?
        package var conflict = InvalidationRequest.Conflict.refuse
        package var authentication = WebhookAuthentication.standard

        package init() {}
    }

    /// What is wrong with a description, and with which key of it.
    package struct Problem: Error, Hashable, Sendable {
        package var key: String
        package var reason: String
    }

    private struct Condition: Hashable, Sendable {
        var path: MappingPath
        var patterns: [MappingTemplate]
    }

    package let name: String
    package let description: Description
    private let items: [MappingPath]
    private let within: MappingPath?
    private let conditions: [Condition]
    private let source: MappingTemplate
    private let version: MappingTemplate?
    private let label: MappingTemplate?
    private let previous: MappingTemplate?
    private let namespace: MappingTemplate?

    package init(name: String, _ description: Description) throws(Problem) {
        self.name = name
        self.description = description
        items = try description.items.map { text throws(Problem) in try Self.path(text, "items") }
        guard !items.isEmpty else { throw Problem(key: "items", reason: "names no place") }
        within = try description.within.map { text throws(Problem) in try Self.path(text, "within") }
        conditions = try description.conditions.sorted { $0.key < $1.key }.map { path, patterns throws(Problem) in
            Condition(
                path: try Self.path(path, "where"),
                patterns: try patterns.map { text throws(Problem) in try Self.template(text, "where") })
        }
        source = try Self.template(description.source, "source")
        func optional(_ text: String?, _ key: String) throws(Problem) -> MappingTemplate? {
            try text.map { text throws(Problem) in try Self.template(text, key) }
        }
        version = try optional(description.version, "version")
        label = try optional(description.label, "label")
        previous = try optional(description.previous, "previous")
        namespace = try optional(description.namespace, "namespace")
        guard version == nil || label == nil else {
            throw Problem(key: "label", reason: "and version exclude each other")
        }
        guard label != nil || previous == nil else { throw Problem(key: "previous", reason: "goes with label") }
    }

    private static func path(_ text: String, _ key: String) throws(Problem) -> MappingPath {
        guard let path = MappingPath(text) else {
            throw Problem(key: key, reason: "has '\(text)', which is no path such as results or $.metadata.id")
        }
        return path
    }

    private static func template(_ text: String, _ key: String) throws(Problem) -> MappingTemplate {
        do {
            return try MappingTemplate(text)
        } catch {
            throw Problem(key: key, reason: error.reason)
        }
    }

    /// The news in a body, each once.
    ///
    /// - Throws: `invalid_request` that names the item when an item that counts lacks something; then nothing of the
    ///   body is carried out. `request_too_large` for more than `GatewayLimits.invalidationCount`.
    package func invalidations(_ root: JSONView) throws(GatewayError) -> [InvalidationRequest] {
        guard let place = items.lazy.compactMap({ $0.value(in: root, root: root) }).first else {
            let places = items.map(\.text).joined(separator: " or ")
            throw GatewayError(
                .invalidRequest, "The body has no \(places), where its items should be.", parameter: places)
        }
        var requests: [InvalidationRequest] = []
        var seen: Set<Key> = []
        if place.kind == .array {
            for item in place.elements { try read(item, root, &requests, &seen) }
        } else {
            try read(place, root, &requests, &seen)
        }
        return requests
    }

    /// What tells two pieces of news apart, byte by byte.
    private struct Key: Hashable {
        var namespace: Name?
        var source: Name
        var change: [Name?]
    }

    private func read(
        _ element: JSONView, _ root: JSONView, _ requests: inout [InvalidationRequest], _ seen: inout Set<Key>
    ) throws(GatewayError) {
        let item = within.flatMap { $0.value(in: element, root: root) } ?? element
        for condition in conditions {
            guard try holds(condition, item, root) else { return }
        }
        let source = try bounded(self.source, "source", Limits.sourceBytes, item, root)
        let version = try self.version?.text(in: item, root: root)
        let label = try self.label.map { template throws(GatewayError) in
            try bounded(template, "label", Limits.labelBytes, item, root)
        }
        let previous = try self.previous.map { template throws(GatewayError) in
            try bounded(template, "previous", Limits.labelBytes, item, root)
        }
        let namespace = try self.namespace.map { template throws(GatewayError) in
            try bounded(template, "namespace", Limits.namespaceBytes, item, root)
        }
        let key = Key(
            namespace: namespace.map { Name($0) }, source: Name(source),
            change: [version, label, previous].map { $0.map { Name($0) } })
        guard seen.insert(key).inserted else { return }
        guard requests.count < GatewayLimits.invalidationCount else {
            throw GatewayError(
                .requestTooLarge, "The body has more than \(GatewayLimits.invalidationCount) invalidations.")
        }
        let change: Invalidation.Change
        if let version {
            guard let number = DecimalText.unsigned(version) else {
                throw invalid(item, "has '\(version)' for a version, which must be a whole number")
            }
            change = .version(number)
        } else if let label {
            change = .label(label, replacing: previous.map { .label($0) } ?? .nothing)
        } else {
            change = .bump
        }
        requests.append(
            InvalidationRequest(
                namespace: namespace, Invalidation(source: source, change: change), conflict: description.conflict))
    }

    private func holds(_ condition: Condition, _ item: JSONView, _ root: JSONView) throws(GatewayError) -> Bool {
        guard let value = condition.path.value(in: item, root: root).flatMap(MappingTemplate.scalar) else {
            return false
        }
        for pattern in condition.patterns {
            let text = try pattern.text(in: item, root: root)
            if NamePattern(text)?.match(value) != nil { return true }
        }
        return false
    }

    private func bounded(
        _ template: MappingTemplate, _ key: String, _ limitBytes: Int, _ item: JSONView, _ root: JSONView
    ) throws(GatewayError) -> String {
        let text = try template.text(in: item, root: root)
        guard (1...limitBytes).contains(text.utf8.count) else {
            throw invalid(item, "makes a \(key) that has not 1 through \(limitBytes) bytes")
        }
        return text
    }

    private func invalid(_ item: JSONView, _ reason: String) -> GatewayError {
        let place = item.path.isEmpty ? "The body" : item.path
        return GatewayError(
            .invalidRequest, "\(place) \(reason) (mapping '\(name)').", parameter: item.path.isEmpty ? nil : item.path)
    }
}
