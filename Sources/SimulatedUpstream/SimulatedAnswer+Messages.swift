import GatewayCore

extension SimulatedAnswer {
    /// - Parameter isWhole: false for what a stream begins with.
    func message(text: String, isWhole: Bool) -> [UInt8] {
        JSONWriter.object { message in
            message.member("id", identifier)
            message.member("type", "message")
            message.member("role", "assistant")
            message.member("model", request.model)
            message.arrayMember("content") { blocks in
                guard isWhole else { return }
                blocks.object {
                    $0.member("type", "text")
                    $0.member("text", text)
                }
            }
            if isWhole {
                message.member("stop_reason", "end_turn")
            } else {
                message.nullMember("stop_reason")
            }
            message.nullMember("stop_sequence")
            message.objectMember("usage") {
                $0.member("input_tokens", usage.inputTokens)
                $0.member("output_tokens", isWhole ? usage.outputTokens : 1)
            }
        }
    }

    func messageEvents() -> (opening: [[UInt8]], words: [[UInt8]], closing: [[UInt8]]) {
        func event(_ type: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
            let data = JSONWriter.object {
                $0.member("type", type)
                members(&$0)
            }
            return Array("event: \(type)\ndata: ".utf8) + data + Array("\n\n".utf8)
        }
        let opening = [
            event("message_start") { $0.member("message", raw: message(text: "", isWhole: false)) },
            event("content_block_start") {
                $0.member("index", 0)
                $0.objectMember("content_block") { block in
                    block.member("type", "text")
                    block.member("text", "")
                }
            },
        ]
        let words = words.map { word in
            event("content_block_delta") {
                $0.member("index", 0)
                $0.objectMember("delta") { delta in
                    delta.member("type", "text_delta")
                    delta.member("text", word)
                }
            }
        }
        let closing = [
            event("content_block_stop") { $0.member("index", 0) },
            event("message_delta") {
                $0.objectMember("delta") { delta in
                    delta.member("stop_reason", "end_turn")
                    delta.nullMember("stop_sequence")
                }
                $0.objectMember("usage") { $0.member("output_tokens", usage.outputTokens) }
            },
            event("message_stop") { _ in },
        ]
        return (opening, words, closing)
    }
}
