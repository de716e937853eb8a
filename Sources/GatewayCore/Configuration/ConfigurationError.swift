/// One thing that is wrong with a configuration.
package struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// `upstreams.openai.base-url`, or the name of a variable that nobody knows.
    package var key: String
    /// Where it stands: `gateway.yaml:12`, or the name of a variable.
    package var place: String
    /// What is expected, as the end of a sentence about the key; never with a secret in it.
    package var reason: String

    package var description: String { "\(key) (\(place)) \(reason)" }
}

/// Everything that is wrong with a configuration, so that it is mended in one go.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Never empty; at most `GatewayLimits.problemCount`.
    package var problems: [ConfigurationProblem]

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
