import ArgumentParser
import CacheAccess
import CacheModel

/// The token that a command shows to the service. Never an argument: those can be read by everybody on the machine.
struct TokenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the token that the service asks for.",
            discussion: "(default: the token in SEMBLANCE_TOKEN, or the file named by SEMBLANCE_TOKEN_FILE)",
            valueName: "file"))
    var tokenFile: String?

    private static let fileBytes = 4_096

    /// - Returns: empty without a token.
    /// - Throws: `invalid-configuration`, which repeats nothing of a token.
    func resolved(environment: [String: String]) throws(CacheError) -> String {
        if let tokenFile { return try Self.read(tokenFile, "--token-file") }
        if let token = environment["SEMBLANCE_TOKEN"], !token.isEmpty {
            return try Self.checked(token, "SEMBLANCE_TOKEN")
        }
        if let path = environment["SEMBLANCE_TOKEN_FILE"], !path.isEmpty {
            return try Self.read(path, "SEMBLANCE_TOKEN_FILE")
        }
        return ""
    }

    private static func read(_ path: String, _ origin: String) throws(CacheError) -> String {
        guard !path.hasPrefix(AccessToken.prefix) else {
            throw CacheError(
                .invalidConfiguration,
                "\(origin) is a token, where the path of a file with one is wanted; SEMBLANCE_TOKEN takes it itself",
                detail: ["key": origin])
        }
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(path, limitBytes: fileBytes)
        } catch {
            throw CacheError(.invalidConfiguration, "\(origin): \(error.message)", detail: ["key": origin])
        }
        return try checked(String(decoding: bytes, as: UTF8.self), "\(origin) \(path)")
    }

    /// Without the line end that files have. Tokens of other makers pass: whether one holds is for the service to say.
    private static func checked(_ text: String, _ origin: String) throws(CacheError) -> String {
        let token = text.drop(while: \.isWhitespace)
        let trimmed = token.prefix { !$0.isWhitespace }
        guard !trimmed.isEmpty, trimmed.utf8.count <= Limits.tokenBytes,
            token.dropFirst(trimmed.count).allSatisfy(\.isWhitespace)
        else {
            throw CacheError(
                .invalidConfiguration,
                "\(origin) holds no token: one has 1 through \(Limits.tokenBytes) bytes, and no spaces",
                detail: ["key": origin])
        }
        if trimmed.hasPrefix(AccessToken.prefix), AccessToken(parsing: Array(trimmed.utf8)) == nil {
            throw CacheError(
                .invalidConfiguration, "the token in \(origin) is incomplete, or has a typing error",
                detail: ["key": origin])
        }
        return String(trimmed)
    }
}
