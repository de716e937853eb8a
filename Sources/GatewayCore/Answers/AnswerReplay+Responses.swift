extension AnswerReplay {
    /// The response as JSON. There always is the upstream's own, at the end of its streams too.
    func responseBody() -> JSONDocument {
        guard let body = answer.body else { return .empty }
        var edits = edits(of: body)
        markCached(body.root["usage"], details: "input_tokens_details", in: &edits)
        return (try? JSONDocument(edits.apply(), limits: .answer)) ?? .empty
    }

    /// A response's stream: it is created, each item of its output is added and done, and it is completed.
    func responseEvents(_ ranges: [Range<Int>]) -> ReplayEvents {
        let response = responseBody()
        var numbers = 0
        func event(_ name: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
            defer { numbers += 1 }
            let data = JSONWriter.object { data in
                data.member("type", name)
                members(&data)
                data.member("sequence_number", numbers)
            }
            return Self.event(name, data)
        }

        var events = ReplayEvents()
        let skeleton = begun(response.root)
        events.opening = ["response.created", "response.in_progress"].map { name in
            event(name) { $0.member("response", raw: skeleton) }
        }
        let output = response.root["output"].map { Array($0.elements) } ?? []
        for (index, item) in output.enumerated() {
            func about(_ data: inout JSONWriter) {
                data.member("item_id", item["id"]?.stringValue ?? "")
                data.member("output_index", index)
                data.member("content_index", 0)
            }
            var before: [[UInt8]] = []
            var after: [[UInt8]] = []
            let part = item["content"].flatMap { $0.elements.first { _ in true } }
            let isText = item["type"]?.stringValue == "message" && part != nil
            before.append(
                event("response.output_item.added") {
                    $0.member("output_index", index)
                    $0.member("item", raw: isText ? begun(item) : Array(item.bytes))
                })
            if isText, let part {
                before.append(
                    event("response.content_part.added") {
                        about(&$0)
                        $0.member("part", raw: emptied(part))
                    })
                var delta = JSONWriter.object {
                    $0.member("type", "response.output_text.delta")
                    about(&$0)
                    $0.arrayMember("logprobs") { _ in }
                    $0.name("delta")
                }
                delta.removeLast()
                events.prefix = Array("event: response.output_text.delta\ndata: ".utf8) + delta
                events.suffix = Array("}\n\n".utf8)
                events.text = answer.text
                events.chunks = ranges
                events.firstNumber = numbers
                numbers += ranges.count
                after.append(
                    event("response.output_text.done") {
                        about(&$0)
                        $0.name("text")
                        $0.string(answer.text)
                        $0.arrayMember("logprobs") { _ in }
                    })
                after.append(
                    event("response.content_part.done") {
                        about(&$0)
                        $0.member("part", raw: Array(part.bytes))
                    })
            }
            after.append(
                event("response.output_item.done") {
                    $0.member("output_index", index)
                    $0.member("item", raw: Array(item.bytes))
                })
            if events.chunks.isEmpty {
                events.opening += before + after
            } else if isText {
                events.opening += before
                events.closing += after
            } else {
                events.closing += before + after
            }
        }
        events.closing.append(event("response.completed") { $0.member("response", raw: response.bytes) })
        return events
    }

    /// A response or an item of its output as it was when nothing had been said yet.
    private func begun(_ value: JSONView) -> [UInt8] {
        guard let document = try? JSONDocument(Array(value.bytes), limits: .answer) else { return Array("{}".utf8) }
        var edits = JSONEdits(document)
        let root = document.root
        if let status = root["status"] { edits.replace(status, with: Array(#""in_progress""#.utf8)) }
        for name in ["output", "content"] {
            if let list = root[name], list.kind == .array { edits.replace(list, with: Array("[]".utf8)) }
        }
        if let usage = root["usage"] { edits.replace(usage, with: Array("null".utf8)) }
        if let completed = root["completed_at"] { edits.replace(completed, with: Array("null".utf8)) }
        return edits.apply()
    }

    /// A part of an item's content without its text.
    private func emptied(_ part: JSONView) -> [UInt8] {
        guard let document = try? JSONDocument(Array(part.bytes), limits: .answer) else { return Array("{}".utf8) }
        var edits = JSONEdits(document)
        if let text = document.root["text"] { edits.replace(text, with: Array(#""""#.utf8)) }
        return edits.apply()
    }
}
