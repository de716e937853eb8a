/// What one purpose of an app is cached like. Everything that is not said is the careful choice.
package struct UseCase: Hashable, Sendable {
    package var name: String
    /// How near in meaning a stored question must be; nil for letter by letter only.
    package var matching: SemanticTarget?
    package var sharing: Sharing
    /// Guards that a candidate must pass.
    package var guards: Set<GuardName>
    /// How long an answer lives unless its request says otherwise; nil for the namespace's default.
    package var timeToLiveMilliseconds: Int64?
    /// Larger answers are not stored.
    package var answerLimitBytes: Int
    /// Longer questions are compared letter by letter only: an embedding tells little of them.
    package var promptLimitBytes: Int
    /// Whether answers that are not the model's surest (temperature above 0) are cached as well.
    package var cachesSampledAnswers: Bool

    package init(
        name: String, matching: SemanticTarget? = nil, sharing: Sharing = .user,
        guards: Set<GuardName> = Set(GuardName.allCases), timeToLiveMilliseconds: Int64? = nil,
        answerLimitBytes: Int = AnswerLimits.answerBytes, promptLimitBytes: Int = 8 << 10,
        cachesSampledAnswers: Bool = true
    ) {
        self.name = name
        self.matching = matching
        self.sharing = sharing
        self.guards = guards
        self.timeToLiveMilliseconds = timeToLiveMilliseconds
        self.answerLimitBytes = answerLimitBytes
        self.promptLimitBytes = promptLimitBytes
        self.cachesSampledAnswers = cachesSampledAnswers
    }

    /// The use case of requests that name none, unless it is configured otherwise.
    package static let defaultName = "default"
}

/// When a stored question is near enough.
package enum SemanticTarget: Hashable, Sendable {
    /// The cosine similarity at or above which it is, 0 through 1.
    case similarity(Float)
    /// The share of hits that are to be right, above 0 and below 1; the match model knows the threshold for it.
    case precision(Double)

    package var isPrecision: Bool {
        if case .precision = self { return true }
        return false
    }
}

/// Who shares answers with whom.
package enum Sharing: String, Hashable, Sendable, CaseIterable {
    /// A request that names its user shares with that user's only.
    case user
    /// All users of one app.
    case app
    /// All apps of one team.
    case team
}

/// What must agree between two questions, however near they are.
package enum GuardName: String, Hashable, Sendable, CaseIterable {
    case number, unit, date, negation, entity, identifier, direction
}
