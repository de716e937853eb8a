package import CacheModel

/// News about one source, as a webhook brings it.
package struct InvalidationRequest: Hashable, Sendable {
    /// What to do when what is known of the source contradicts the news: a push was missed, or two overtook each other.
    package enum Conflict: String, Hashable, Sendable, CaseIterable {
        /// Tell the sender, who looks again.
        case refuse
        /// Forget what was known: what rests on the source is stale until the next news. For senders that do not look.
        case bump
    }

    /// Nil for the configured one.
    package var namespace: String?
    package var invalidation: Invalidation
    package var conflict: Conflict

    package init(namespace: String? = nil, _ invalidation: Invalidation, conflict: Conflict = .refuse) {
        self.namespace = namespace
        self.invalidation = invalidation
        self.conflict = conflict
    }
}

extension InvalidationRequest {
    private static let members = [
        "source", "version", "label", "bump", "reset", "previous", "position", "generation", "incarnation", "namespace",
    ]

    /// Reads the gateway's own form: one object, an array of them, or `{"invalidations": […], "namespace": …}`.
    ///
    /// - Throws: `invalid_request` that names the member, as `invalidations[3].version`. One that is wrong refuses all.
    package static func all(_ root: JSONView) throws(GatewayError) -> [InvalidationRequest] {
        if root.kind == .array { return try list(root, namespace: nil) }
        try root.object()
        guard let invalidations = root["invalidations"] else { return [try InvalidationRequest(root, namespace: nil)] }
        try check(root, members: ["invalidations", "namespace"])
        let namespace = try root.present("namespace").map { view throws(GatewayError) in try name(view) }
        return try list(try invalidations.array(), namespace: namespace)
    }

    private static func list(_ array: JSONView, namespace: String?) throws(GatewayError) -> [InvalidationRequest] {
        var requests: [InvalidationRequest] = []
        for element in array.elements {
            guard requests.count < GatewayLimits.invalidationCount else {
                throw GatewayError(
                    .requestTooLarge, "There are more than \(GatewayLimits.invalidationCount) invalidations.")
            }
            requests.append(try InvalidationRequest(element, namespace: namespace))
        }
        return requests
    }

    private init(_ view: JSONView, namespace: String?) throws(GatewayError) {
        try view.object()
        try Self.check(view, members: Self.members)
        let own = try view.present("namespace").map { view throws(GatewayError) in try Self.name(view) }
        let incarnation = try view.present("incarnation").map { (view) throws(GatewayError) -> UInt64 in
            guard let number = UInt64(hexadecimal: try view.string()) else {
                throw view.mismatch("up to 16 hexadecimal digits")
            }
            return number
        }
        self.init(
            namespace: own ?? namespace,
            Invalidation(
                source: try Self.text(view.required("source"), limitBytes: Limits.sourceBytes),
                change: try Self.change(view), incarnation: incarnation))
    }

    private static func change(_ view: JSONView) throws(GatewayError) -> Invalidation.Change {
        let changes = ["version", "label", "bump", "reset"].filter { view.present($0) != nil }
        guard changes.count == 1, let kind = changes.first else {
            let place = view.path.isEmpty ? "The body" : view.path
            throw GatewayError(
                .invalidRequest, "\(place) must have exactly one of version, label, reset, or bump: true.",
                parameter: view.path.isEmpty ? nil : view.path)
        }
        for (name, owner) in [("previous", "label"), ("position", "label"), ("generation", "version")] {
            guard let extra = view.present(name), owner != kind else { continue }
            throw GatewayError(
                .invalidRequest, "\(extra.path) goes with \(owner), not with \(kind).", parameter: extra.path)
        }
        let value = try view.required(kind)
        switch kind {
        case "version":
            let generation = try view.present("generation").map { (view) throws(GatewayError) -> Generation in
                guard let generation = Generation(try view.string()) else {
                    throw view.mismatch("a position such as 00c1f3a09b2e7d44:17")
                }
                return generation
            }
            return .version(try number(value), generation: generation ?? .zero)
        case "reset": return .reset(version: try number(value))
        case "label":
            return .label(try text(value, limitBytes: Limits.labelBytes), replacing: try expectation(view))
        default:
            guard try value.boolean() else { throw value.mismatch("true, or not there") }
            return .bump
        }
    }

    private static func expectation(_ view: JSONView) throws(GatewayError) -> Invalidation.LabelExpectation {
        let previous = view.present("previous")
        guard let place = view.present("position") else {
            return try previous.map { view throws(GatewayError) in
                .label(try text(view, limitBytes: Limits.labelBytes))
            } ?? .nothing
        }
        guard previous == nil else {
            throw GatewayError(
                .invalidRequest, "\(place.path) and previous exclude each other.", parameter: place.path)
        }
        guard let position = Position(try place.string()) else {
            throw place.mismatch("a position such as 00c1f3a09b2e7d44:17")
        }
        return .position(position)
    }

    /// A whole number, also as a string: half of all languages cannot write 64 bits as a number.
    private static func number(_ view: JSONView) throws(GatewayError) -> UInt64 {
        let text = view.kind == .number ? String(decoding: view.bytes, as: UTF8.self) : view.stringValue
        guard let number = text.flatMap({ DecimalText.unsigned($0) }) else {
            throw view.mismatch("a whole number from 0 through \(UInt64.max)")
        }
        return number
    }

    private static func text(_ view: JSONView, limitBytes: Int) throws(GatewayError) -> String {
        let text = try view.string()
        guard (1...limitBytes).contains(text.utf8.count) else {
            throw GatewayError(
                .invalidRequest, "\(view.path) must have 1 through \(limitBytes) bytes.", parameter: view.path)
        }
        return text
    }

    private static func name(_ view: JSONView) throws(GatewayError) -> String {
        try text(view, limitBytes: Limits.namespaceBytes)
    }

    private static func check(_ view: JSONView, members: [String]) throws(GatewayError) {
        for (name, value) in view.members where !members.contains(name) {
            let suggestion = NearestName.suggestion(for: name, in: members)
            throw GatewayError(
                .invalidRequest, "\(value.path) is not known\(suggestion.isEmpty ? "." : suggestion)",
                parameter: value.path)
        }
    }
}
