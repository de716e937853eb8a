import CacheModel
import Testing

@testable import GatewayCore

@Suite struct RequestFingerprintTests {
    private let identity = ScopeIdentity(namespace: "shop", sharing: "user:1")

    private func fingerprint(_ api: ModelAPI, _ text: String) throws -> RequestFingerprint {
        try RequestExamples.read(api, text).fingerprint(for: identity)
    }

    private func chat(_ members: String, messages: String = #"[{"role":"user","content":"q"}]"#) throws
        -> RequestFingerprint
    {
        try RequestExamples.chat(members, messages: messages).fingerprint(for: identity)
    }

    // MARK: What makes no difference

    /// White space, order of members, escapes and forms of numbers, at random.
    @Test(arguments: RequestExamples.all)
    func howTheBodyIsWrittenMakesNoDifference(api: ModelAPI, text: String) throws {
        var random = RandomJSON(seed: 11)
        let expected = try fingerprint(api, text)
        let root = try JSONDocument(text).root
        for _ in 0..<100 { #expect(try fingerprint(api, rewritten(root, &random)) == expected) }
    }

    private func rewritten(_ view: JSONView, _ random: inout RandomJSON) -> String {
        func space() -> String { ["", "", " ", "\n\t"][random.number(below: 4)] }
        switch view.kind {
        case .object:
            var members: [String] = []
            for (name, value) in view.members.shuffled(using: &random.generator) {
                members.append(space() + random.string(name) + space() + ":" + space() + rewritten(value, &random))
            }
            return "{" + members.joined(separator: ",") + space() + "}"
        case .array:
            var elements: [String] = []
            for element in view.elements { elements.append(space() + rewritten(element, &random)) }
            return "[" + elements.joined(separator: ",") + space() + "]"
        case .string: return random.string(view.stringValue ?? "")
        // What has to be an integer is not written with a fraction.
        case .number where view.integerValue == nil:
            return String(decoding: view.bytes, as: UTF8.self) + ["", "0", "e0"][random.number(below: 3)]
        default: return String(decoding: view.bytes, as: UTF8.self)
        }
    }

    static let irrelevant: [(ModelAPI, String, [String])] = [
        (.chatCompletions, RequestExamples.chat, RequestFacts.irrelevantToChatCompletions),
        (.responses, RequestExamples.responses, RequestFacts.irrelevantToResponses),
        (.messages, RequestExamples.messages, RequestFacts.irrelevantToMessages),
        (.embeddings, RequestExamples.embeddings, RequestFacts.irrelevantToEmbeddings),
    ]

    @Test(arguments: irrelevant)
    func whatIsListedAsIrrelevantMakesNone(api: ModelAPI, text: String, names: [String]) throws {
        let document = try JSONDocument(text)
        var edits = JSONEdits(document)
        for name in names { edits.removeMember(name, of: document.root) }
        #expect(edits.isEmpty == false)
        #expect(try ModelRequest(api, body: edits.apply()).fingerprint(for: identity) == fingerprint(api, text))
    }

    @Test func marksOfTheProvidersPromptCacheMakeNone() throws {
        let text = RequestExamples.messages
        let unmarked = text.replacing(",\"cache_control\":\n{\"type\":\"ephemeral\"}", with: "")
            .replacing(#","cache_control":{"type":"ephemeral"}"#, with: "")
        #expect(unmarked.count < text.count)
        #expect(try fingerprint(.messages, text) == fingerprint(.messages, unmarked))
    }

    @Test func breakpointsOfTheProvidersPromptCacheMakeNone() throws {
        let earlier =
            #"{"role":"system","content":[{"type":"text","text":"s","prompt_cache_breakpoint":{"mode":"explicit"}}]}"#
        let last =
            #"{"role":"user","content":[{"type":"text","text":"q","prompt_cache_breakpoint":{"mode":"explicit"}}]}"#
        let marked = "[\(earlier),\(last)]"
        let unmarked = marked.replacing(#","prompt_cache_breakpoint":{"mode":"explicit"}"#, with: "")
        #expect(try chat("", messages: marked) == chat("", messages: unmarked))
    }

    @Test func aPropertyOfAToolThatIsNamedLikeSuchAMarkMakesOne() throws {
        let text = RequestExamples.messages
        let other = text.replacing(
            #"{"cache_control":{"type":"string"}}"#, with: #"{"cache_control":{"type":"number"}}"#)
        #expect(other != text)
        #expect(try fingerprint(.messages, text).scope != fingerprint(.messages, other).scope)
    }

    @Test func onePartOfTextAsksTheSameAsTheTextAlone() throws {
        let part = try chat("", messages: #"[{"role":"user","content":[{"type":"text","text":"q"}]}]"#)
        #expect(try chat("") == part)
        let other = try chat("", messages: #"[{"role":"user","content":[{"type":"text","text":"q","new":1}]}]"#)
        #expect(part.scope != other.scope)
    }

    // MARK: What makes a difference

    /// Every value that is neither irrelevant nor compared by meaning, exchanged for others: all of it matters.
    @Test(arguments: RequestExamples.all)
    func everyOtherValueMakesADifference(api: ModelAPI, text: String) throws {
        let request = try RequestExamples.read(api, text)
        let document = request.document
        let expected = request.fingerprint(for: identity)
        var skipped = request.omissions.union(request.message.holes)
        for node in document.nodes.indices where skipped.contains(node) {
            skipped.formUnion(node..<Int(document.nodes[node].next))
        }
        // Names of members are nodes as well; they are tried in the next test.
        let names = Set(
            document.nodes.indices.flatMap { node in
                document.nodes[node].kind == .object ? Array(document.children(of: node)) : []
            })
        var tried = 0
        for node in document.nodes.indices.dropFirst() where !skipped.contains(node) && !names.contains(node) {
            for value in ["\"other\"", "3", "true", "[]", "{}", "null"] {
                let view = JSONView(document: document, node: node)
                // A list that holds a hole is not what it was without it, and takes the question along.
                guard Array(view.bytes) != Array(value.utf8) else { continue }
                var edits = JSONEdits(document)
                edits.replace(view, with: Array(value.utf8))
                guard let changed = try? ModelRequest(api, body: edits.apply()) else { continue }
                tried += 1
                #expect(changed.fingerprint(for: identity).scope != expected.scope, "\(view.path) = \(value)")
            }
        }
        #expect(tried > 20)
    }

    @Test(arguments: RequestExamples.all)
    func aMemberThatIsUnknownMakesADifference(api: ModelAPI, text: String) throws {
        let document = try JSONDocument(text)
        for node in document.nodes.indices where document.nodes[node].kind == .object {
            let request = try RequestExamples.read(api, text)
            guard
                !request.omissions.contains(where: { (omitted: Int) in
                    (omitted..<Int(document.nodes[omitted].next)).contains(node)
                })
            else { continue }
            var edits = JSONEdits(document)
            edits.setMember("something_new", of: JSONView(document: document, node: node), to: Array("0".utf8))
            let changed = try ModelRequest(api, body: edits.apply()).fingerprint(for: identity)
            #expect(changed.scope != request.fingerprint(for: identity).scope)
        }
    }

    @Test func theLastQuestionMakesADifferenceToTheKeyAlone() throws {
        let one = try chat("")
        let other = try chat("", messages: #"[{"role":"user","content":"r"}]"#)
        #expect(one.scope == other.scope)
        #expect(one.key != other.key)
    }

    @Test func lettersThatOnlyLookAlikeMakeADifference() throws {
        let composed = try chat("", messages: "[{\"role\":\"user\",\"content\":\"\u{e9}\"}]")
        let decomposed = try chat("", messages: "[{\"role\":\"user\",\"content\":\"e\u{301}\"}]")
        #expect(composed.key != decomposed.key)
    }

    @Test func whereOnePartEndsMakesADifference() throws {
        func parts(_ texts: [String]) throws -> RequestFingerprint {
            let parts = texts.map { "{\"type\":\"text\",\"text\":\"\($0)\"}" }.joined(separator: ",")
            return try chat("", messages: "[{\"role\":\"user\",\"content\":[\(parts)]}]")
        }
        #expect(try parts(["ab", "c"]).key != parts(["a", "bc"]).key)
        #expect(try parts(["ab", "c"]).scope == parts(["a", "bc"]).scope)
        #expect(try parts(["abc"]).scope != parts(["a", "bc"]).scope)
        #expect(try parts([#"a\nb"#]) != parts(["a", "b"]))
    }

    @Test func aPictureMakesADifference() throws {
        func picture(_ url: String) throws -> RequestFingerprint {
            let part = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"\(url)\"}}"
            return try chat(
                "", messages: "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"q\"},\(part)]}]")
        }
        #expect(try picture("https://a.example/1") != picture("https://a.example/2"))
        #expect(try picture("https://a.example/1") == picture("https://a.example/1"))
    }

    @Test func theInputOfEmbeddingsMakesADifference() throws {
        let one = try fingerprint(.embeddings, #"{"model":"m","input":"a"}"#)
        #expect(try one != fingerprint(.embeddings, #"{"model":"m","input":"b"}"#))
        #expect(try one != fingerprint(.embeddings, #"{"model":"m","input":["a"]}"#))
    }

    @Test func whoAsksAndWhereMakesADifference() throws {
        let request = try RequestExamples.chat("")
        let identities = [
            identity, ScopeIdentity(namespace: "shop2", sharing: "user:1"),
            ScopeIdentity(namespace: "shop", sharing: "user:2"),
            ScopeIdentity(namespace: "sho", sharing: "puser:1"), ScopeIdentity(namespace: "", sharing: "shopuser:1"),
            ScopeIdentity(namespace: "shop", sharing: "user:1", model: "other"),
            ScopeIdentity(namespace: "shop", sharing: "user:1", qualifiers: ["a"]),
            ScopeIdentity(namespace: "shop", sharing: "user:1", qualifiers: ["a", ""]),
        ]
        let scopes = Set(identities.map { request.fingerprint(for: $0).scope })
        #expect(scopes.count == identities.count)
        let keys = Set(identities.map { request.fingerprint(for: $0).key })
        #expect(keys.count == identities.count)
    }

    @Test func theModelOfTheRouteTakesThePlaceOfTheNamedOne() throws {
        let routed = ScopeIdentity(namespace: "n", sharing: "s", model: "route")
        let one = try RequestExamples.read(.embeddings, #"{"model":"a","input":"x"}"#).fingerprint(for: routed)
        #expect(try one == RequestExamples.read(.embeddings, #"{"input":"x","model":"b"}"#).fingerprint(for: routed))
    }

    @Test func apisDoNotShareAnswers() throws {
        let text = #"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"q"}]}"#
        #expect(try fingerprint(.chatCompletions, text).scope != fingerprint(.messages, text).scope)
    }

    /// Entries outlive the program: a fingerprint that changes empties every cache, so it changes only on purpose.
    @Test func theFingerprintIsTheSameInEveryVersion() throws {
        let fingerprint = try chat("")
        #expect(fingerprint.scope.description == "f4d399186d0313e33f2a768c7e39e7a5")
        #expect(fingerprint.key.description == "2ae5134f73e76ee46b8ac42c7785ca13")
    }
}
