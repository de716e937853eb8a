import GatewayCore
import Testing

@Suite struct UpstreamBodyTests {
    private func sent(_ api: ModelAPI, _ text: String, model: String? = nil, asksForUsage: Bool = true) throws
        -> (text: String, addsUsage: Bool)
    {
        let body = try RequestExamples.read(api, text).upstreamBody(model: model, asksForUsage: asksForUsage)
        _ = try ModelRequest(api, body: body.bytes)
        return (String(decoding: body.bytes, as: UTF8.self), body.addsStreamUsage)
    }

    private let question = #""messages":[{"role":"user","content":"q"}]"#

    @Test func whatNeedsNoChangeIsSentByteForByte() throws {
        for (api, text) in RequestExamples.all {
            let sent = try sent(api, text)
            #expect(sent.text == text)
            #expect(!sent.addsUsage)
        }
    }

    @Test func theModelIsRenamedAndNothingElse() throws {
        let text = "{ \"model\" : \"fast\" ,\n\(question), \"x\": 1.0 }"
        #expect(
            try sent(.chatCompletions, text, model: "gpt-\"4\"").text
                == text.replacing("\"fast\"", with: #""gpt-\"4\"""#))
        #expect(try sent(.chatCompletions, text, model: "fast").text == text)
    }

    @Test(arguments: [
        ("", #","stream_options":{"include_usage":true}"#),
        (#","stream_options":null"#, #","stream_options":{"include_usage":true}"#),
        (#","stream_options":{}"#, #","stream_options":{"include_usage":true}"#),
        (#","stream_options":{"include_usage":false}"#, #","stream_options":{"include_usage":true}"#),
        (
            #","stream_options":{"include_obfuscation":false}"#,
            #","stream_options":{"include_obfuscation":false,"include_usage":true}"#
        ),
    ])
    func aStreamIsAskedForItsUsage(options: String, result: String) throws {
        let text = #"{"model":"m","stream":true,\#(question)"#
        let sent = try sent(.chatCompletions, text + options + "}")
        #expect(sent.text == text + result + "}")
        #expect(sent.addsUsage)
    }

    @Test func whoHasAskedForTheUsageIsToSeeIt() throws {
        let text = #"{"model":"m","stream":true,"stream_options":{"include_usage":true},\#(question)}"#
        #expect(try sent(.chatCompletions, text) == (text, false))
    }

    @Test func onlyStreamsOfChatsAreAskedForTheirUsage() throws {
        let plain = #"{"model":"m",\#(question)}"#
        #expect(try sent(.chatCompletions, plain) == (plain, false))
        let streamed = #"{"model":"m","stream":true,\#(question)}"#
        #expect(try sent(.chatCompletions, streamed, asksForUsage: false) == (streamed, false))
        let message = #"{"model":"m","max_tokens":1,"stream":true,\#(question)}"#
        #expect(try sent(.messages, message) == (message, false))
        let response = #"{"model":"m","input":"q","stream":true}"#
        #expect(try sent(.responses, response) == (response, false))
    }

    @Test(
        arguments: [
            (#"{"semblance-ttl":"60"}"#, nil), (#"{"semblance-ttl":"60","X-Semblance-Tags":"a"}"#, nil),
            (#"{"semblance-ttl":"60","a":"b"}"#, #"{"a":"b"}"#), (#"{"a":"b","semblance-x":""}"#, #"{"a":"b"}"#),
            (#"{"a":"b"}"#, #"{"a":"b"}"#), ("{}", "{}"), (#"{"semblance":"s"}"#, #"{"semblance":"s"}"#),
        ] as [(String, String?)])
    func whatIsMeantForTheGatewayIsNotSentOn(metadata: String, result: String?) throws {
        let text = #"{"model":"m",\#(question),"metadata":\#(metadata),"n":1}"#
        let expected = #"{"model":"m",\#(question)"# + (result.map { #","metadata":\#($0)"# } ?? "") + #","n":1}"#
        #expect(try sent(.chatCompletions, text).text == expected)
    }
}
