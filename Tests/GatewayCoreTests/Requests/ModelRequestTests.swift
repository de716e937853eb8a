import Testing

@testable import GatewayCore

@Suite struct ModelRequestTests {
    @Test func aChatRequestIsReadAsTheClientsSendIt() throws {
        let request = try RequestExamples.read(.chatCompletions, RequestExamples.chat)
        #expect(request.model == "gpt-4o-mini")
        #expect(request.isStream && request.wantsStreamUsage)
        #expect(request.user == "s-1")
        #expect(request.metadata == ["team": "support"])
        #expect(request.toolCount == 1)
        #expect(request.choiceCount == 1)
        #expect(request.temperature == 0.25)
        #expect(request.seed == 7)
        #expect(request.maximumOutputTokens == 256)
        #expect(request.comparison == .meaning("What's our refund policy?"))
        #expect(request.exclusion == nil)
        #expect(!request.isRetainedUpstream)
    }

    @Test func aResponsesRequestIsReadAsTheClientsSendIt() throws {
        let request = try RequestExamples.read(.responses, RequestExamples.responses)
        #expect(request.model == "gpt-5")
        #expect(request.isStream && request.wantsStreamUsage)
        #expect(request.user == "s")
        #expect(request.maximumOutputTokens == 500)
        #expect(request.comparison == .meaning("What's our refund policy?"))
        #expect(request.exclusion == nil)
        #expect(!request.isRetainedUpstream)
    }

    @Test func aMessagesRequestIsReadAsTheClientsSendIt() throws {
        let request = try RequestExamples.read(.messages, RequestExamples.messages)
        #expect(request.model == "claude-sonnet-4-5")
        #expect(request.isStream && request.wantsStreamUsage)
        #expect(request.user == "u-1")
        #expect(request.maximumOutputTokens == 1_024)
        #expect(request.comparison == .meaning("What's our refund policy?"))
        #expect(request.exclusion == nil)
    }

    @Test func anEmbeddingsRequestIsComparedLetterForLetter() throws {
        let request = try RequestExamples.read(.embeddings, RequestExamples.embeddings)
        #expect(request.model == "text-embedding-3-small")
        #expect(request.user == "u")
        #expect(request.comparison == .exact(.embeddings))
        #expect(request.exclusion == nil)
    }

    // MARK: What is compared

    @Test func partsOfTextAreJoinedByLines() throws {
        let parts = #"[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]"#
        #expect(try RequestExamples.chat("", messages: parts).comparison == .meaning("a\nb"))
    }

    @Test(arguments: [
        #"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}"#,
        #"{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}"#,
        #"{"type":"file","file":{"file_id":"f"}}"#,
        #"{"type":"something_new"}"#,
    ])
    func aPartThatIsNotTextIsComparedLetterForLetter(part: String) throws {
        let messages = #"[{"role":"user","content":[{"type":"text","text":"What is this?"},\#(part)]}]"#
        #expect(try RequestExamples.chat("", messages: messages).comparison == .exact(.notOnlyText))
    }

    @Test(arguments: [
        #"[{"role":"user","content":"q"},{"role":"assistant","content":"It is"}]"#,
        #"[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[]},"#
            + #"{"role":"tool","tool_call_id":"1","content":"x"}]"#,
        #"[{"role":"system","content":"s"}]"#,
    ])
    func aLastMessageThatIsNotTheUsersIsComparedLetterForLetter(messages: String) throws {
        #expect(try RequestExamples.chat("", messages: messages).comparison == .exact(.lastMessageIsNotTheUsers))
    }

    @Test func aMessageWithoutTextIsComparedLetterForLetter() throws {
        for content in ["\"\"", "\" \\n\"", "[]", #"[{"type":"text","text":""}]"#] {
            let messages = "[{\"role\":\"user\",\"content\":\(content)}]"
            #expect(try RequestExamples.chat("", messages: messages).comparison == .exact(.noText))
        }
        #expect(
            try RequestExamples.read(.responses, #"{"model":"m","prompt":{"id":"p","version":"2"}}"#).comparison
                == .exact(.noText))
    }

    @Test func resultsOfToolsInAnAnthropicMessageAreComparedLetterForLetter() throws {
        let text = #"""
            {"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t",
            "content":"12"},{"type":"text","text":"and now?"}]}]}
            """#
        #expect(try RequestExamples.read(.messages, text).comparison == .exact(.notOnlyText))
    }

    @Test func aResponsesInputMayBeOneString() throws {
        let request = try RequestExamples.read(.responses, #"{"model":"m","input":"What's new?"}"#)
        #expect(request.comparison == .meaning("What's new?"))
        #expect(request.isRetainedUpstream)
    }

    @Test func anItemOfAnUnknownTypeIsNoMessageWhateverItsRole() throws {
        let text = #"{"model":"m","input":[{"type":"something_new","role":"user","content":"q"}]}"#
        #expect(try RequestExamples.read(.responses, text).comparison == .exact(.lastMessageIsNotTheUsers))
    }

    @Test func outputOfAFunctionAsLastItemIsComparedLetterForLetter() throws {
        let text =
            #"{"model":"m","input":[{"role":"user","content":"q"},"#
            + #"{"type":"function_call_output","call_id":"c","output":"1"}]}"#
        #expect(try RequestExamples.read(.responses, text).comparison == .exact(.lastMessageIsNotTheUsers))
    }

    // MARK: What is not cached

    @Test(arguments: [
        (#""n":2"#, RequestExclusion.severalChoices), (#""logprobs":true"#, .logprobs), (#""store":true"#, .retained),
        (#""modalities":["text","audio"]"#, .otherModality), (#""audio":{"voice":"a","format":"wav"}"#, .otherModality),
        (#""web_search_options":{}"#, .hostedTool),
    ])
    func aChatAnswerThatIsNotTheSameTwiceIsNotCached(members: String, exclusion: RequestExclusion) throws {
        #expect(try RequestExamples.chat(members).exclusion == exclusion)
    }

    @Test(arguments: [
        (#""store":true"#, RequestExclusion.retained), (#""background":true"#, .background),
        (#""previous_response_id":"resp_1""#, .continuesStoredState),
        (#""conversation":"conv_1""#, .continuesStoredState),
        (#""tools":[{"type":"web_search"}]"#, .hostedTool),
        (#""tools":[{"type":"mcp","server_label":"x"}]"#, .hostedTool),
        (#""include":["message.output_text.logprobs"]"#, .logprobs), (#""top_logprobs":2"#, .logprobs),
        (#""prompt":{"id":"pmpt_1"}"#, .unversionedTemplate),
    ])
    func aResponseThatIsNotTheSameTwiceIsNotCached(members: String, exclusion: RequestExclusion) throws {
        #expect(try RequestExamples.read(.responses, #"{"model":"m","input":"q",\#(members)}"#).exclusion == exclusion)
    }

    @Test(arguments: [
        #"[{"type":"item_reference","id":"msg_1"},{"role":"user","content":"q"}]"#,
        #"[{"id":"msg_1"},{"role":"user","content":"q"}]"#,
    ])
    func aReferenceToWhatTheProviderRemembersIsNotCached(input: String) throws {
        #expect(
            try RequestExamples.read(.responses, #"{"model":"m","input":\#(input)}"#).exclusion == .continuesStoredState
        )
    }

    @Test(arguments: [
        (#""tools":[{"type":"web_search_20250305","name":"web_search"}]"#, RequestExclusion.hostedTool),
        (#""mcp_servers":[{"type":"url","url":"https://a.example"}]"#, .hostedTool),
        (#""container":"c"# + "\"", .continuesStoredState),
    ])
    func aMessageThatIsNotTheSameTwiceIsNotCached(members: String, exclusion: RequestExclusion) throws {
        let text = #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"q"}],\#(members)}"#
        #expect(try RequestExamples.read(.messages, text).exclusion == exclusion)
    }

    @Test func nullCountsAsNotSaid() throws {
        let request = try RequestExamples.chat(
            #""n":null,"stream":null,"stream_options":null,"user":null,"metadata":null,"#
                + #""tools":null,"store":null,"logprobs":null,"modalities":null,"audio":null"#
        )
        #expect(request.exclusion == nil)
        #expect(!request.isStream)
        #expect(request.user == nil)
    }

    // MARK: What is refused

    static let wrong: [(ModelAPI, String, String)] = [
        (.chatCompletions, "[]", "the body"), (.chatCompletions, "{}", "model"),
        (.chatCompletions, #"{"model":""}"#, "model"), (.chatCompletions, #"{"model":7,"messages":[]}"#, "model"),
        (.chatCompletions, #"{"model":"m"}"#, "messages"),
        (.chatCompletions, #"{"model":"m","messages":{}}"#, "messages"),
        (.chatCompletions, #"{"model":"m","messages":[]}"#, "messages"),
        (.chatCompletions, #"{"model":"m","messages":["hi"]}"#, "messages[0]"),
        (.chatCompletions, #"{"model":"m","messages":[{"content":"hi"}]}"#, "messages[0].role"),
        (.chatCompletions, #"{"model":"m","messages":[{"role":1}]}"#, "messages[0].role"),
        (.chatCompletions, #"{"model":"m","messages":[{"role":"user"}]}"#, "messages[0].content"),
        (.chatCompletions, #"{"model":"m","messages":[{"role":"user","content":3}]}"#, "messages[0].content"),
        (.chatCompletions, #"{"model":"m","messages":[{"role":"user","content":["a"]}]}"#, "messages[0].content[0]"),
        (
            .chatCompletions, #"{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
            "messages[0].content[0].text"
        ),
        (
            .chatCompletions, #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":1}]}]}"#,
            "messages[0].content[0].text"
        ),
        (.chatCompletions, #"{"model":"m","stream":"yes"}"#, "stream"),
        (.chatCompletions, #"{"model":"m","stream_options":true}"#, "stream_options"),
        (.chatCompletions, #"{"model":"m","stream_options":{"include_usage":1}}"#, "stream_options.include_usage"),
        (.chatCompletions, #"{"model":"m","n":"1"}"#, "n"), (.chatCompletions, #"{"model":"m","n":1.5}"#, "n"),
        (.chatCompletions, #"{"model":"m","temperature":"hot"}"#, "temperature"),
        (.chatCompletions, #"{"model":"m","seed":1e99}"#, "seed"),
        (.chatCompletions, #"{"model":"m","user":5}"#, "user"),
        (.chatCompletions, #"{"model":"m","metadata":[]}"#, "metadata"),
        (.chatCompletions, #"{"model":"m","metadata":{"a":1}}"#, "metadata.a"),
        (.chatCompletions, #"{"model":"m","tools":{}}"#, "tools"),
        (.chatCompletions, #"{"model":"m","store":"no"}"#, "store"),
        (.responses, #"{"model":"m","input":5}"#, "input"), (.responses, #"{"model":"m","input":[1]}"#, "input[0]"),
        (.responses, #"{"model":"m","background":1}"#, "background"),
        (.messages, #"{"model":"m","messages":[]}"#, "max_tokens"),
        (.messages, #"{"model":"m","max_tokens":"9"}"#, "max_tokens"),
        (.messages, #"{"model":"m","max_tokens":9,"metadata":{"user_id":1}}"#, "metadata.user_id"),
        (.embeddings, #"{"model":"m"}"#, "input"), (.embeddings, #"{"model":"m","input":7}"#, "input"),
    ]

    @Test(arguments: wrong)
    func aWrongTypeIsRefusedUnderItsName(api: ModelAPI, text: String, parameter: String) {
        let error = refusal(api, text)
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == parameter)
        #expect(error?.message.hasPrefix(parameter) == true)
    }

    @Test func whatIsNotJSONIsRefusedWithThePlace() {
        let error = refusal(.chatCompletions, #"{"model":"m",}"#)
        #expect(error?.code == .invalidJSON)
        #expect(error?.message.contains("byte 13") == true)
    }

    @Test func whatIsTooLongIsRefusedAsThat() {
        let limits = JSONLimits(bytes: 10, depth: 10, values: 10)
        do throws(GatewayError) {
            _ = try ModelRequest(.embeddings, body: Array(RequestExamples.embeddings.utf8), limits: limits)
            Issue.record("taken")
        } catch {
            #expect(error.code == .requestTooLarge)
        }
    }

    /// Whatever a value is exchanged for, the body is taken or refused in order.
    @Test(arguments: RequestExamples.all)
    func noValueOfAnotherKindTraps(api: ModelAPI, text: String) throws {
        let document = try JSONDocument(text)
        for node in document.nodes.indices.dropFirst() {
            for value in ["null", "true", "-1e999", "\"x\"", "[]", "{}", "[[]]", "[null]", "[{}]"] {
                var edits = JSONEdits(document)
                edits.replace(JSONView(document: document, node: node), with: Array(value.utf8))
                guard let request = try? ModelRequest(api, body: edits.apply()) else { continue }
                _ = request.fingerprint(for: ScopeIdentity(namespace: "n", sharing: "s"))
                _ = request.upstreamBody(model: "other")
            }
        }
    }

    @Test func everyPathLeadsToItsAPI() {
        for api in ModelAPI.allCases { #expect(ModelAPI(path: api.path) == api) }
        #expect(ModelAPI(path: "/v1/models") == nil)
    }
}
