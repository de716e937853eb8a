import CacheModel

extension UseCase {
    init(_ name: String, _ section: ConfigurationSection) {
        self.init(name: name)
        let isSemantic = section.isOn("semantic", standard: false)
        let threshold = section.value("threshold", "a number from 0 through 1, such as 0.95") { text in
            DecimalText.fraction(text).flatMap { (0...1).contains($0) ? Float($0) : nil }
        }
        let precision = section.value("target-precision", "a number above 0 and below 1, such as 0.9") { text in
            DecimalText.fraction(text).flatMap { $0 > 0 && $0 < 1 ? $0 : nil }
        }
        switch (isSemantic, threshold, precision) {
        case (true, let threshold?, nil): matching = .similarity(threshold)
        case (true, nil, let precision?): matching = .precision(precision)
        case (true, nil, nil):
            section.report("semantic", "is on, so it needs a threshold or a target-precision beside it")
        case (_, _?, _?): section.report("threshold", "and target-precision exclude each other")
        case (false, nil, nil): break
        case (false, _, _):
            section.report(
                threshold == nil ? "target-precision" : "threshold", "has no effect unless semantic is on beside it")
        }
        sharing = section.choice("share", standard: sharing)
        guards = Self.guards(section)
        timeToLiveMilliseconds = section.value("ttl", DurationText.expectation, DurationText.milliseconds(parsing:))
        answerLimitBytes = section.byteCount("answer-bytes", 1...AnswerLimits.answerBytes, standard: answerLimitBytes)
        promptLimitBytes = section.byteCount("prompt-bytes", 1...Limits.promptBytes, standard: promptLimitBytes)
        cachesSampledAnswers = section.isOn("sampled", standard: cachesSampledAnswers)
        section.finish()
    }

    /// `all`, `none`, or those that are on.
    private static func guards(_ section: ConfigurationSection) -> Set<GuardName> {
        let texts = section.texts("guards", standard: ["all"])
        if texts == ["all"] { return Set(GuardName.allCases) }
        if texts == ["none"] { return [] }
        let names = texts.compactMap { text -> GuardName? in
            if let name = GuardName(rawValue: text) { return name }
            let known = GuardName.allCases.map(\.rawValue)
            section.report(
                "guards",
                "has '\(text)', but there are all, none, or some of \(known.joined(separator: ", "))"
                    + NearestName.suggestion(for: text, in: known))
            return nil
        }
        return Set(names)
    }
}
