import GatewayCore

extension SimulatedAnswer {
    private var itemIdentifier: String { "msg_" + identifier }

    /// - Parameter status: `in_progress` for a response that has nothing in it yet, or `completed`.
    func response(text: String, status: String) -> [UInt8] {
        JSONWriter.object { response in
            response.member("id", identifier)
            response.member("object", "response")
            response.member("created_at", createdSeconds)
            response.member("status", status)
            response.nullMember("error")
            response.nullMember("incomplete_details")
            response.nullMember("instructions")
            response.objectMember("metadata") { _ in }
            response.member("model", request.model)
            response.arrayMember("output") { if status == "completed" { $0.raw(item(text: text, status: status)) } }
            response.name("parallel_tool_calls")
            response.boolean(true)
            response.member("temperature", 1)
            response.member("tool_choice", "auto")
            response.arrayMember("tools") { _ in }
            response.member("top_p", 1)
            guard status == "completed" else { return response.nullMember("usage") }
            response.objectMember("usage") { writer in
                writer.member("input_tokens", usage.inputTokens)
                writer.objectMember("input_tokens_details") { $0.member("cached_tokens", 0) }
                writer.member("output_tokens", usage.outputTokens)
                writer.objectMember("output_tokens_details") { $0.member("reasoning_tokens", 0) }
                writer.member("total_tokens", usage.totalTokens)
            }
        }
    }

    func responseEvents() -> (opening: [[UInt8]], words: [[UInt8]], closing: [[UInt8]]) {
        var number = 0
        func event(_ type: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
            let data = JSONWriter.object {
                $0.member("type", type)
                $0.member("sequence_number", number)
                members(&$0)
            }
            number += 1
            return Array("event: \(type)\ndata: ".utf8) + data + Array("\n\n".utf8)
        }
        func place(_ writer: inout JSONWriter) {
            writer.member("item_id", itemIdentifier)
            writer.member("output_index", 0)
            writer.member("content_index", 0)
        }
        let begun = response(text: "", status: "in_progress")
        let opening = [
            event("response.created") { $0.member("response", raw: begun) },
            event("response.in_progress") { $0.member("response", raw: begun) },
            event("response.output_item.added") {
                $0.member("output_index", 0)
                $0.member("item", raw: item(text: nil, status: "in_progress"))
            },
            event("response.content_part.added") {
                place(&$0)
                $0.member("part", raw: part(""))
            },
        ]
        let words = words.map { word in
            event("response.output_text.delta") {
                place(&$0)
                $0.member("delta", word)
                $0.arrayMember("logprobs") { _ in }
            }
        }
        let closing = [
            event("response.output_text.done") {
                place(&$0)
                $0.member("text", text)
                $0.arrayMember("logprobs") { _ in }
            },
            event("response.content_part.done") {
                place(&$0)
                $0.member("part", raw: part(text))
            },
            event("response.output_item.done") {
                $0.member("output_index", 0)
                $0.member("item", raw: item(text: text, status: "completed"))
            },
            event("response.completed") { $0.member("response", raw: response(text: text, status: "completed")) },
        ]
        return (opening, words, closing)
    }

    /// - Parameter text: nil for an item without content.
    private func item(text: String?, status: String) -> [UInt8] {
        JSONWriter.object { item in
            item.member("type", "message")
            item.member("id", itemIdentifier)
            item.member("status", status)
            item.member("role", "assistant")
            item.arrayMember("content") { if let text { $0.raw(part(text)) } }
        }
    }

    private func part(_ text: String) -> [UInt8] {
        JSONWriter.object {
            $0.member("type", "output_text")
            $0.member("text", text)
            $0.arrayMember("annotations") { _ in }
        }
    }
}
