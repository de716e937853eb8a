import GatewayCore

/// One request of a campaign, by everything that decides whose answers it may see.
struct CampaignQuestion: Sendable {
    /// How a request says who asks.
    enum UserPlace: CaseIterable, Sendable {
        case header, body, metadata
    }

    /// Data that the answer rests on.
    struct Rest: Hashable, Sendable {
        var source: Int
        var version: UInt64
    }

    /// Stands in the body, where it makes no difference to the cache; the upstream answers with it.
    var number: Int
    /// Nil for the gateway's own.
    var tenant: Int?
    var user: Int?
    var userPlace: UserPlace
    var useCase: CampaignUseCase
    var api: ModelAPI
    var isStream: Bool
    var system: Int
    var temperature: Int
    var hasTool: Bool
    var topic: Int
    var wording: Int
    var rest: Rest?
    /// What had been acknowledged of the sources of this tenant when the request was made.
    var acknowledged: [UInt64] = []

    static let tenants = ["acme", "globex", "initech"]
    static let users = ["ada", "ben", "cleo", "dan", "eve", "finn"]
    static let sourceCount = 4

    /// Questions with the same embedding, and nothing in them that a guard would mind.
    static let wordings: [@Sendable (String) -> String] = [
        { "tell me about \($0)" }, { "please tell me about \($0)" }, { "tell me about \($0) please" },
        { "please tell me about \($0) now" },
    ]
    /// Words that the campaign's encoder does not see.
    static let politeWords: Set<String> = ["tell", "me", "about", "please", "now"]

    /// A word of its own for each topic.
    static func topicWord(_ topic: Int) -> String {
        var letters = ""
        var rest = topic
        repeat {
            letters += ["ba", "ko", "li", "mu", "ne", "ro", "su", "ti"][rest % 8]
            rest /= 8
        } while rest > 0
        return letters + "mat"
    }

    static func source(_ source: Int) -> String { "kb/\(source)" }

    var namespace: String { tenant.map { Self.tenants[$0] } ?? "default" }
    private var question: String { Self.wordings[wording](Self.topicWord(topic)) }

    // MARK: As HTTP

    var headers: [(String, String)] {
        var headers = [("x-semblance-use-case", useCase.rawValue)]
        if let tenant { headers.append(("x-semblance-namespace", Self.tenants[tenant])) }
        if let user, place == .header { headers.append(("x-semblance-user", Self.users[user])) }
        if let rest { headers.append(("x-semblance-depends-on", "\(Self.source(rest.source))@\(rest.version)")) }
        return headers
    }

    /// Anthropic's API has one place in its body only.
    private var place: UserPlace { api == .messages && userPlace == .body ? .metadata : userPlace }

    var body: [UInt8] {
        JSONWriter.object { body in
            body.member("model", "m-1")
            switch api {
            case .responses:
                body.member("instructions", instructions)
                body.member("input", question)
            case .messages:
                body.member("max_tokens", 64)
                body.member("system", instructions)
                body.arrayMember("messages") { Self.message("user", question, &$0) }
            default:
                body.arrayMember("messages") {
                    Self.message("system", instructions, &$0)
                    Self.message("user", question, &$0)
                }
            }
            if isStream { body.member("stream", true) }
            body.member("temperature", temperature)
            if hasTool { body.arrayMember("tools") { $0.raw(Self.tool(api).utf8) } }
            if let user, place == .body { body.member(number % 2 == 0 ? "user" : "safety_identifier", Self.users[user]) }
            body.objectMember("metadata") { metadata in
                metadata.member("canary", "\(number)")
                guard let user, place == .metadata else { return }
                metadata.member(api == .messages ? "user_id" : "semblance-user", Self.users[user])
            }
        }
    }

    private var instructions: String { system == 0 ? "Be brief." : "Be kind, and say more." }

    private static func message(_ role: String, _ content: String, _ writer: inout JSONWriter) {
        writer.object {
            $0.member("role", role)
            $0.member("content", content)
        }
    }

    private static func tool(_ api: ModelAPI) -> String {
        let schema = #"{"type":"object","properties":{"name":{"type":"string"}}}"#
        return switch api {
        case .messages: #"{"name":"look_up","input_schema":\#(schema)}"#
        case .responses: #"{"type":"function","name":"look_up","parameters":\#(schema)}"#
        default: #"{"type":"function","function":{"name":"look_up","parameters":\#(schema)}}"#
        }
    }
}

/// The use cases of a campaign's gateway; in all of them questions are compared by meaning too.
enum CampaignUseCase: String, CaseIterable, Sendable {
    case personal, app, team

    /// With whom answers are shared.
    var sharing: Sharing {
        switch self {
        case .personal: .user
        case .app: .app
        case .team: .team
        }
    }
}
