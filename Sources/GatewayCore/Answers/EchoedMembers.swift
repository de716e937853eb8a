/// What a provider repeats of the request in its answer, and which makes no difference to the answer: who asked, and
/// notes of theirs. It is not for whoever else gets the answer later, so it is not stored.
enum EchoedMembers {
    /// Each with what stands in its place.
    private static let names = [
        ("metadata", "{}"), ("user", "null"), ("safety_identifier", "null"), ("prompt_cache_key", "null"),
    ]

    /// The answer without what it repeats.
    static func removed(from body: JSONDocument) -> JSONDocument {
        var edits = JSONEdits(body)
        for (name, nothing) in names {
            guard let value = body.root.present(name), !value.isEmpty else { continue }
            edits.replace(value, with: Array(nothing.utf8))
        }
        guard !edits.isEmpty else { return body }
        return (try? JSONDocument(edits.apply(), limits: .answer)) ?? .empty
    }

    /// Has an answer repeat another request, as far as it repeated the first one.
    static func replace(in body: JSONDocument, by request: ModelRequest, _ edits: inout JSONEdits) {
        for (name, _) in names {
            guard let old = body.root[name], let new = request.document.root.present(name) else { continue }
            edits.replace(old, with: name == "metadata" ? metadata(new) : Array(new.bytes))
        }
    }

    /// The upstream has not seen what is meant for the gateway.
    private static func metadata(_ metadata: JSONView) -> [UInt8] {
        JSONWriter.object { object in
            for (name, value) in metadata.members where !ModelRequest.isOwnMetadata(name) {
                object.member(name, raw: value.bytes)
            }
        }
    }
}
