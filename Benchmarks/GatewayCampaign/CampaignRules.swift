import GatewayCore

/// How an answer went to somebody who must not see it.
package enum Crossing: String, CaseIterable, Sendable {
    /// It was made for another namespace.
    case tenant
    /// It was made for those who share with others than this one.
    case sharing
    /// It was made for another user.
    case user
    /// It was made under another API, system prompt, temperature or list of tools.
    case scope
    /// It answers another question.
    case question
    /// It rests on data that was known to have changed before this request was sent.
    case stale
    /// There are pieces of several answers in it, or a piece is missing.
    case mixed
}

extension CampaignQuestion {
    /// Whether the answer that was made for another request may be given to this one: the rules of docs/GATEWAY.md, from
    /// nothing but what the driver knows.
    ///
    /// - Parameter isByMeaning: whether it came as one to a question that means the same.
    func crossing(seeing other: CampaignQuestion, isByMeaning: Bool) -> Crossing? {
        if number == other.number { return nil }
        if namespace != other.namespace { return .tenant }
        if useCase.sharing != other.useCase.sharing { return .sharing }
        if useCase.sharing == .user, user != other.user { return .user }
        if api != other.api || system != other.system || temperature != other.temperature || hasTool != other.hasTool {
            return .scope
        }
        if topic != other.topic || (wording != other.wording && !isByMeaning) { return .question }
        if let rest = other.rest, rest.version < acknowledged[rest.source] { return .stale }
        return nil
    }
}
