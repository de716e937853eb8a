package import CacheModel
import FoundationEssentials

/// The token file:
///
///     {"version": 1,
///      "tokens": [
///        {"name": "app", "scopes": ["lookup", "insert"], "namespaces": ["app-*"],
///         "secrets": [{"sha256": "64 hexadecimal digits", "createdAt": "2026-03-01T12:00:00.000Z",
///                      "expiresAt": "2026-05-30T12:00:00.000Z"}]}]}
///
/// Keys that are not known are errors: a misspelt `expiresAt` would make a token that never ends.
extension TokenList {
    static let formatVersion = 1

    /// - Throws: `invalid-configuration` with a reason that repeats nothing of the file but names.
    package init(json: [UInt8]) throws(CacheError) {
        func invalid(_ reason: String) -> CacheError { CacheError(.invalidConfiguration, reason) }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(json))
        } catch DecodingError.keyNotFound(let key, let context) {
            throw invalid("\(Self.place(context)) has no '\(key.stringValue)'")
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
            throw invalid("\(Self.place(context)) is of another type than it should be")
        } catch let DecodingError.dataCorrupted(context) where !context.codingPath.isEmpty {
            throw invalid("\(Self.place(context)) \(context.debugDescription)")
        } catch let error as CacheError {
            throw invalid(error.message)
        } catch {
            throw invalid("it is not JSON")
        }
        guard document.version == Self.formatVersion else {
            throw invalid("it is of version \(document.version), and this program reads version \(Self.formatVersion)")
        }
        do throws(CacheError) {
            try self.init(document.tokens.map { record throws(CacheError) in try record.record() })
        } catch {
            throw invalid(error.message)
        }
    }

    /// Indented, with a line end.
    package func json() throws(CacheError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let document = Document(version: Self.formatVersion, tokens: records.map(Document.Record.init))
            return Array(try encoder.encode(document)) + [UInt8(ascii: "\n")]
        } catch {
            throw CacheError(.internalError, "the tokens cannot be written as JSON")
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return path.isEmpty ? "it" : String(path.drop { $0 == "." })
    }
}

private struct Document: Codable {
    var version: Int
    var tokens: [Record]

    struct Record: Codable {
        var name: String
        var scopes: [String]
        var namespaces: [String]
        var secrets: [Secret]
    }

    struct Secret: Codable {
        var sha256: String
        var createdAt: String
        var expiresAt: String?
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case version, tokens }

    init(version: Int, tokens: [Record]) {
        self.version = version
        self.tokens = tokens
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseOtherKeys(than: CodingKeys.allCases)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.decode(Int.self, forKey: .version)
        // What another version means by its tokens is not for this one to judge.
        tokens = version == TokenList.formatVersion ? try container.decode([Record].self, forKey: .tokens) : []
    }
}

extension Document.Record {
    private enum CodingKeys: String, CodingKey, CaseIterable { case name, scopes, namespaces, secrets }

    init(from decoder: any Decoder) throws {
        try decoder.refuseOtherKeys(than: CodingKeys.allCases)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        scopes = try container.decode([String].self, forKey: .scopes)
        namespaces = try container.decode([String].self, forKey: .namespaces)
        secrets = try container.decode([Document.Secret].self, forKey: .secrets)
    }

    init(_ record: TokenRecord) {
        name = record.name
        scopes = record.scopes.members.map(\.rawValue)
        namespaces = record.namespaces.map(\.text)
        secrets = record.secrets.map {
            Document.Secret(
                sha256: $0.digest.hexadecimal, createdAt: TimestampText.text($0.createdAt),
                expiresAt: $0.expiresAt.map(TimestampText.text))
        }
    }

    func record() throws(CacheError) -> TokenRecord {
        func invalid(_ reason: String) -> CacheError {
            CacheError(.invalidConfiguration, "the token '\(name)' \(reason)")
        }
        var known: [AccessScope] = []
        for text in scopes {
            guard let scope = AccessScope(rawValue: text) else { throw invalid("has a scope that is not known") }
            known.append(scope)
        }
        return TokenRecord(
            name: name, scopes: AccessScopes(known),
            namespaces: try namespaces.map { text throws(CacheError) in try NamespacePattern(parsing: text) },
            secrets: try secrets.map { secret throws(CacheError) in
                guard let digest = TokenDigest(hexadecimal: secret.sha256) else {
                    throw invalid("has a sha256 that is not 64 hexadecimal digits")
                }
                guard let createdAt = TimestampText.parse(secret.createdAt) else {
                    throw invalid("has a createdAt that is no time such as 2026-03-01T12:00:00Z")
                }
                let expiresAt = secret.expiresAt.map(TimestampText.parse)
                if let expiresAt, expiresAt == nil {
                    throw invalid("has an expiresAt that is no time such as 2026-03-01T12:00:00Z")
                }
                return TokenRecord.Secret(digest: digest, createdAt: createdAt, expiresAt: expiresAt ?? nil)
            })
    }
}

extension Document.Secret {
    private enum CodingKeys: String, CodingKey, CaseIterable { case sha256, createdAt, expiresAt }

    init(from decoder: any Decoder) throws {
        try decoder.refuseOtherKeys(than: CodingKeys.allCases)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sha256 = try container.decode(String.self, forKey: .sha256)
        createdAt = try container.decode(String.self, forKey: .createdAt)
        expiresAt = try container.decodeIfPresent(String.self, forKey: .expiresAt)
    }
}

extension Decoder {
    fileprivate func refuseOtherKeys(than known: some Collection<some CodingKey>) throws {
        let names = Set(known.map(\.stringValue))
        let container = try container(keyedBy: AnyKey.self)
        if let other = container.allKeys.map(\.stringValue).sorted().first(where: { !names.contains($0) }) {
            throw CacheError(.invalidConfiguration, "it has the key '\(other)', which is not known")
        }
    }
}

private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int?

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
}
