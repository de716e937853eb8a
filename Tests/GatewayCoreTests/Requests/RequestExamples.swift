@testable import GatewayCore

/// Bodies as the official clients send them.
enum RequestExamples {
    static let chat = #"""
        {"messages":[{"role":"system","content":"You are helpful."},{"role":"user","content":"Hi"},
        {"role":"assistant","content":"Hello! How can I help?"},{"role":"user","content":"What's our refund policy?"}],
        "model":"gpt-4o-mini","frequency_penalty":0.5,"max_completion_tokens":256,"n":1,"seed":7,"stop":["\n\n"],
        "temperature":0.25,"top_p":1,"response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,
        "schema":{"type":"object","properties":{"x":{"type":"string","enum":["a","b"]}},"required":["x"]}}},
        "tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{}}}}],
        "tool_choice":"auto","reasoning_effort":"low","logit_bias":{"50256":-100},"stream":true,
        "stream_options":{"include_usage":true},"user":"u-1","metadata":{"team":"support"},"service_tier":"auto",
        "store":false,"prompt_cache_key":"k","prompt_cache_retention":"24h","prompt_cache_options":{"mode":"implicit"},
        "safety_identifier":"s-1"}
        """#

    static let responses = #"""
        {"model":"gpt-5","instructions":"Be brief.","input":[{"role":"user","content":"Hi"},{"type":"message",
        "role":"assistant","content":[{"type":"output_text","text":"Hello."}]},{"role":"user","content":[{"type":
        "input_text","text":"What's our refund policy?"}]}],"max_output_tokens":500,"reasoning":{"effort":"low"},
        "text":{"format":{"type":"text"},"verbosity":"low"},"temperature":1.0,"top_p":0.9,"truncation":"disabled",
        "tools":[{"type":"function","name":"f","parameters":{},"strict":true}],"tool_choice":"auto","include":
        ["reasoning.encrypted_content"],"stream":true,"stream_options":{"include_obfuscation":false},"store":false,
        "metadata":{"a":"b"},"user":"u","safety_identifier":"s","service_tier":"flex","prompt_cache_key":"k",
        "background":false}
        """#

    static let messages = #"""
        {"model":"claude-sonnet-4-5","max_tokens":1024,"system":[{"type":"text","text":"Be brief.","cache_control":
        {"type":"ephemeral"}}],"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"text",
        "text":"Hello.","cache_control":{"type":"ephemeral"}}]},{"role":"user","content":[{"type":"text","text":
        "What's our refund policy?","cache_control":{"type":"ephemeral"}}]}],"temperature":0.5,"top_k":40,
        "stop_sequences":["END"],"tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":
        {"cache_control":{"type":"string"}}},"cache_control":{"type":"ephemeral"}}],"thinking":{"type":"disabled"},
        "stream":true,"metadata":{"user_id":"u-1"},"service_tier":"auto"}
        """#

    static let embeddings = #"""
        {"input":["What's our refund policy?","Hi"],"model":"text-embedding-3-small","encoding_format":"base64",
        "dimensions":256,"user":"u"}
        """#

    static let all: [(ModelAPI, String)] = [
        (.chatCompletions, chat), (.responses, responses), (.messages, messages), (.embeddings, embeddings),
    ]

    static func read(_ api: ModelAPI, _ text: String) throws(GatewayError) -> ModelRequest {
        try ModelRequest(api, body: Array(text.utf8))
    }

    static func chat(_ members: String, messages: String = #"[{"role":"user","content":"q"}]"#) throws(GatewayError)
        -> ModelRequest
    {
        try read(.chatCompletions, "{\"model\":\"m\",\"messages\":\(messages)\(members.isEmpty ? "" : ",")\(members)}")
    }
}

/// The error that a body is refused with; nil when it is taken.
func refusal(_ api: ModelAPI, _ text: String) -> GatewayError? {
    do throws(GatewayError) {
        _ = try RequestExamples.read(api, text)
        return nil
    } catch {
        return error
    }
}
