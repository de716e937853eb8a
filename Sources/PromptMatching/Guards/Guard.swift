/// A check that two prompts agree in one respect. A guard vetoes what differs; what it cannot read it lets pass.
package enum Guard: String, Sendable, CaseIterable, Codable {
    case number, unit, date, negation, entity, identifier, direction

    func finding(in pair: PromptPair) -> GuardFinding? {
        switch self {
        case .number: NumberGuard.finding(in: pair)
        case .unit: UnitGuard.finding(in: pair)
        case .date: DateGuard.finding(in: pair)
        case .negation: NegationGuard.finding(in: pair)
        case .entity: EntityGuard.finding(in: pair)
        case .identifier: IdentifierGuard.finding(in: pair)
        case .direction: DirectionGuard.finding(in: pair)
        }
    }
}

/// Why a guard says that two prompts ask different things.
package struct GuardFinding: Sendable, Equatable, CustomStringConvertible {
    package let source: Guard
    /// What the first prompt says, and what the second says instead; empty where it says nothing of the kind.
    package let first: String
    package let second: String

    package var description: String {
        switch (first.isEmpty, second.isEmpty) {
        case (true, _): "\(source.rawValue): only the second prompt has \(second)"
        case (_, true): "\(source.rawValue): only the first prompt has \(first)"
        default: "\(source.rawValue): \(first) is not \(second)"
        }
    }
}

/// Two prompts and what guards need of both.
package struct PromptPair: Sendable {
    package let first: PromptText
    package let second: PromptText
    package let difference: PromptDifference

    package init(_ first: PromptText, _ second: PromptText) {
        self.first = first
        self.second = second
        difference = PromptDifference(first, second)
    }

    /// What is known of English is used only where both prompts are English.
    var isEnglish: Bool { first.isEnglish && second.isEnglish }
}
