/// What a request may ask of the gateway: as a header `x-semblance-…`, or as a key `semblance-…` of its `metadata`.
package enum DirectiveName: String, Hashable, Sendable, CaseIterable {
    case threshold, namespace, tags
    case dependsOn = "depends-on"
    case lease, ttl
    case useCase = "use-case"
    case user, route, deadline, trim, wait

    package var header: String { HeaderField.ownPrefix + rawValue }

    /// Whether several lines of it are one list, as if they stood on one line with commas between.
    var isList: Bool { self == .tags || self == .dependsOn }
}

/// Which model answers, where the route leaves a choice.
package enum RouteChoice: String, Hashable, Sendable, CaseIterable {
    case auto, small, large
}
