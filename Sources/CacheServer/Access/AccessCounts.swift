package import CacheAccess

/// Who was turned away, and for what. Names of tokens and namespaces are not counted: there may be any number of them.
package struct AccessCounts: Hashable, Sendable {
    /// Connections without a token that holds, by the reason.
    package private(set) var unauthenticated: [AccessRefusal: Int] = [:]
    /// Connections whose token stopped to hold.
    package private(set) var ended = 0
    /// Requests that a token was not good for.
    package private(set) var forbidden: [Missing: Int] = [:]

    /// What a forbidden request would have needed.
    package enum Missing: String, Hashable, Sendable, CaseIterable {
        case lookup, insert, invalidate, admin
        /// Another namespace than the token is for.
        case namespace

        init(_ lack: AccessGrant.Lack) {
            switch lack {
            case .scope(let scopes):
                switch scopes.members.first {
                case .lookup: self = .lookup
                case .insert: self = .insert
                case .invalidate: self = .invalidate
                case .admin, nil: self = .admin
                }
            case .namespace, .store: self = .namespace
            }
        }
    }

    /// - Parameter isGreeting: whether it was the token of HELLO.
    mutating func count(_ refusal: AccessRefusal, isGreeting: Bool) {
        if isGreeting { unauthenticated[refusal, default: 0] += 1 } else { ended += 1 }
    }

    mutating func count(_ lack: AccessGrant.Lack) { forbidden[Missing(lack), default: 0] += 1 }

    mutating func add(_ other: AccessCounts) {
        unauthenticated.merge(other.unauthenticated, uniquingKeysWith: +)
        forbidden.merge(other.forbidden, uniquingKeysWith: +)
        ended += other.ended
    }

    /// As the statistics have them.
    func fields(_ control: AccessControl?) -> [StatisticsField] {
        let counts = control?.counts ?? AccessControl.Counts()
        let refusals = AccessRefusal.allCases.map { StatisticsField($0.rawValue, unauthenticated[$0] ?? 0) }
        return [
            StatisticsField("demandsTokens", .flag(control?.demandsTokens ?? false)),
            StatisticsField("tokens", counts.tokens),
            StatisticsField("reloads", counts.reloads),
            StatisticsField("reloadsFailed", counts.failedReloads),
            StatisticsField("unauthenticated", .object(refusals + [StatisticsField("ended", ended)])),
            StatisticsField(
                "forbidden", .object(Missing.allCases.map { StatisticsField($0.rawValue, forbidden[$0] ?? 0) })),
        ]
    }
}
