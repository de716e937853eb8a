import ArgumentParser
import CacheAccess
import CacheModel

/// Tokens as arguments, tables and documents.
enum TokenText {
    static func scopes(_ text: String) throws -> AccessScopes {
        let scopes = try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let scope = AccessScope(rawValue: String(name)) else {
                throw ValidationError("scopes are \(AccessScopes.all.text), one or several with commas")
            }
            return scope
        }
        return AccessScopes(scopes)
    }

    static func pattern(_ text: String) throws -> NamespacePattern {
        do {
            return try NamespacePattern(parsing: text)
        } catch {
            throw ValidationError(error.message)
        }
    }

    /// A span of time, or none at all.
    static func grace(_ text: String) throws -> Int64 {
        ["0", "0s"].contains(text) ? 0 : try ArgumentText.duration(text)
    }

    /// `token app: lookup,insert in app-*, until 2026-05-30T12:00:00.000Z`.
    static func sentence(_ record: TokenRecord) -> String {
        "token \(record.name): \(record.scopes.text) in \(namespaces(record)), \(end(record.secrets.last?.expiresAt))"
    }

    static func lines(_ records: [TokenRecord], now: Timestamp) -> [String] {
        var table = TextTable([
            .init("TOKEN"), .init("SCOPES"), .init("NAMESPACES"), .init("ENDS WITH"), .init("MADE"), .init("HOLDS"),
        ])
        for record in records {
            for (index, secret) in record.secrets.reversed().enumerated() {
                let state = secret.holds(at: now) ? end(secret.expiresAt) : "no more, it has expired"
                table.add(
                    (index == 0 ? [record.name, record.scopes.text, namespaces(record)] : ["", "", "before:"])
                        + [secret.digest.fingerprint, TimestampText.text(secret.createdAt), state])
            }
        }
        return table.lines
    }

    static func json(_ record: TokenRecord) -> JSONText { .object(fields(record)) }

    /// With the secret, for whoever has just made it.
    static func json(_ record: TokenRecord, file: TokenFile, token: AccessToken) -> JSONText {
        .object([.init("token", .text(token.text)), .init("file", .text(file.path))] + fields(record))
    }

    private static func fields(_ record: TokenRecord) -> [JSONText.Field] {
        [
            .init("name", .text(record.name)),
            .init("scopes", .array(record.scopes.members.map { .text($0.rawValue) })),
            .init("namespaces", .array(record.namespaces.map { .text($0.text) })),
            .init(
                "secrets",
                .array(
                    record.secrets.reversed().map { secret in
                        .fields([
                            "endsWith": .text(secret.digest.fingerprint),
                            "createdAt": .text(TimestampText.text(secret.createdAt)),
                            "expiresAt": secret.expiresAt.map { .text(TimestampText.text($0)) },
                        ])
                    })),
        ]
    }

    private static func namespaces(_ record: TokenRecord) -> String {
        record.namespaces.map(\.text).joined(separator: " ")
    }

    private static func end(_ time: Timestamp?) -> String {
        time.map { "until \(TimestampText.text($0))" } ?? "until it is revoked"
    }
}
