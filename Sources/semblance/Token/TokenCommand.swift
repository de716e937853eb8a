import ArgumentParser
import CacheAccess
import CacheModel

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list, rotate and revoke the tokens that clients are asked for.",
        discussion: """
            With a token file, DATA/tokens.json or --tokens FILE, the service asks every client for a token; without \
            one it asks nobody. The commands change the file, and a running service takes the change up within about \
            a second. The file holds no secret, only hashes; it must be its owner's alone.

            What the scopes are good for:
              lookup      LOOKUP, GET
              insert      INSERT, LEASE
              invalidate  INVALIDATE, PURGE, DELETE, LEASE
              admin       making and dropping namespaces; for all namespaces (*) also statistics and the fence

            Scopes do not include one another. Listing shows each token the namespaces that it is for.

                TOKEN=$(semblance token create app --scope lookup,insert --namespace 'app-*' --expires 90d)
                SEMBLANCE_TOKEN=$TOKEN semblance lookup …
            """,
        subcommands: [CreateToken.self, ListTokens.self, RotateToken.self, RevokeToken.self],
        defaultSubcommand: ListTokens.self)
}

struct CreateToken: TokenFileCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a token.",
        discussion: "It is printed once, alone on standard output; the file keeps a hash of it.")

    @Argument(help: "Its name, for lists, logs and errors: letters, digits, and any of . _ -") var name: String
    @Option(
        help: ArgumentHelp(
            "What it is good for: lookup, insert, invalidate, admin, or several with commas.", valueName: "scopes"),
        transform: TokenText.scopes)
    var scope: AccessScopes
    @Option(
        help: ArgumentHelp(
            "A namespace that it is for: a name, the beginning of names and a *, or '*' for all; repeatable.",
            valueName: "pattern"),
        transform: TokenText.pattern)
    var namespace: [NamespacePattern]
    @Option(help: "How long it holds: 90d, 12h. (default: until it is revoked)", transform: ArgumentText.duration)
    var expires: Int64?
    @OptionGroup var file: TokenFileOptions

    func run(_ file: TokenFile) throws -> CommandOutput {
        let (token, now) = (AccessToken.random(), Timestamp.now)
        let (record, isFirst) = try file.update { list throws(CacheError) in
            let isFirst = list.records.isEmpty
            try list.create(
                name, scopes: scope, namespaces: namespace, token: token, lifetimeMilliseconds: expires, now: now)
            return (list.records[try list.index(of: name)], isFirst)
        }
        explain([
            "Made \(TokenText.sentence(record)).",
            "This is the only time that it is shown; \(file.path) keeps a hash.",
        ])
        if isFirst { explain(["It is the first one: the service asks every client for a token from now on."]) }
        return CommandOutput([token.text], json: TokenText.json(record, file: file, token: token))
    }
}

struct ListTokens: TokenFileCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens.",
        discussion: "ENDS WITH are the last letters of a token, by which one that was found somewhere can be told.")

    @OptionGroup var file: TokenFileOptions

    func run(_ file: TokenFile) throws -> CommandOutput {
        let records = try file.load()?.list.records
        let json = JSONText.fields([
            "file": .text(file.path), "demandsTokens": .flag(records != nil),
            "tokens": .array((records ?? []).map(TokenText.json)),
        ])
        guard let records else {
            return CommandOutput(["no token file \(file.path): the service asks nobody for a token"], json: json)
        }
        guard !records.isEmpty else {
            return CommandOutput(["no tokens in \(file.path): nobody is let in"], json: json)
        }
        return CommandOutput(TokenText.lines(records, now: .now), json: json)
    }
}

struct RotateToken: TokenFileCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a token a new secret.",
        discussion: """
            Both secrets hold during the grace, then only the new one. It is printed once, alone on standard output. \
            A token that leaked is rotated with --grace 0s.
            """)

    @Argument(help: "The token's name.") var name: String
    @Option(help: "How long the secret before still holds: 24h, 0s. (default: 24h)", transform: TokenText.grace)
    var grace: Int64 = 24 * 3_600_000
    @Option(
        help: "How long the new secret holds. (default: as long as the one before was made for)",
        transform: ArgumentText.duration)
    var expires: Int64?
    @OptionGroup var file: TokenFileOptions

    func run(_ file: TokenFile) throws -> CommandOutput {
        let (token, now) = (AccessToken.random(), Timestamp.now)
        let record = try file.update { list throws(CacheError) in
            try list.rotate(
                name, token: token, graceMilliseconds: grace, lifetimeMilliseconds: expires, now: now)
            return list.records[try list.index(of: name)]
        }
        let before = record.secrets.dropLast().last?.expiresAt.map { "holds until \(TimestampText.text($0))" }
        explain([
            "Rotated \(TokenText.sentence(record)); the secret before \(before ?? "is void").",
            "This is the only time that the new one is shown; \(file.path) keeps a hash.",
        ])
        return CommandOutput([token.text], json: TokenText.json(record, file: file, token: token))
    }
}

struct RevokeToken: TokenFileCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a token back.",
        discussion: """
            A running service refuses it within about a second. Connections that were opened with it end with their \
            next request; what was asked before is answered.
            """)

    @Argument(help: "The token's name.") var name: String
    @OptionGroup var file: TokenFileOptions

    func run(_ file: TokenFile) throws -> CommandOutput {
        let left = try file.update { list throws(CacheError) in
            try list.revoke(name)
            return list.records.count
        }
        return CommandOutput(
            ["revoked \(name)"] + (left == 0 ? ["  no token is left: nobody is let in"] : []),
            json: .fields(["name": .text(name), "tokenCount": .integer(left)]))
    }
}
