import CacheModel

/// Those who share entries with each other: a part of the scope's fingerprint.
package struct SharingIdentity: Hashable, Sendable {
    private var kind: Sharing
    private var team: Name?
    private var app: Name?
    private var user: Name?

    /// - Parameters:
    ///   - user: who asks, as the request names it; the empty text counts as none.
    ///   - app: to which the request's key belongs; nil without keys, where all apps are one.
    ///   - team: to which the app belongs; nil without keys.
    package init(_ sharing: Sharing, user: String?, app: String? = nil, team: String? = nil) {
        kind = sharing
        self.team = team.map { Name($0) }
        switch sharing {
        case .team: break
        case .app: self.app = app.map { Name($0) }
        case .user:
            self.app = app.map { Name($0) }
            self.user = user.flatMap { $0.isEmpty ? nil : Name($0) }
        }
    }

    /// In a form that tells it from all others: each name is preceded by its length, and no name at all is told from an
    /// empty one. Users of different apps are different users.
    package var text: String {
        func field(_ name: Name?) -> String { name.map { "\($0.text.utf8.count):\($0.text)" } ?? "-" }
        return "\(kind.rawValue) \(field(team)) \(field(app)) \(field(user))"
    }
}
