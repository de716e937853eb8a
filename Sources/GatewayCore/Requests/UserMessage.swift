/// The last message of a request: what the user asks, if it can be compared by meaning.
struct UserMessage {
    /// The pieces of text, each as UTF-8; empty when the message is not only text.
    var texts: [[UInt8]] = []
    /// The values that the fingerprint leaves out since their text is compared instead.
    var holes: Set<Int> = []
    var exactOnly: ExactOnlyReason?

    init(exactOnly reason: ExactOnlyReason) { exactOnly = reason }

    /// Reads the content of a message: a string, or an array of parts.
    ///
    /// - Parameter textTypes: the `type` of parts that are text.
    /// - Throws: `invalid_request` for content of another kind, and for text parts without text.
    init(content: JSONView, textTypes: Set<String>) throws(GatewayError) {
        switch content.kind {
        case .string:
            texts = [content.document.text(of: content.node)]
            holes = [content.node]
        case .array: try readParts(of: content, textTypes: textTypes)
        default: throw content.mismatch("a string or an array of parts")
        }
        guard exactOnly == nil else { return }
        if texts.allSatisfy({ $0.allSatisfy(Self.isWhiteSpace) }) {
            self = UserMessage(exactOnly: .noText)
        }
    }

    private mutating func readParts(of content: JSONView, textTypes: Set<String>) throws(GatewayError) {
        var isPlain = true
        for part in content.elements {
            guard textTypes.contains(try part.object().required("type").string()) else {
                self = UserMessage(exactOnly: .notOnlyText)
                return
            }
            let text = try part.required("text")
            _ = try text.string()
            texts.append(content.document.text(of: text.node))
            holes.insert(text.node)
            isPlain = isPlain && part.members.allSatisfy { Self.plainMembers.contains($0.name) }
        }
        // One part with nothing but its text asks the same as the text alone.
        if texts.count == 1, isPlain { holes = [content.node] }
    }

    /// What a part of text may have without being more than its text: its type, and marks of the provider's prompt
    /// cache.
    private static let plainMembers: Set<String> = ["type", "text", "cache_control", "prompt_cache_breakpoint"]

    /// All text, a line for each piece.
    var text: String {
        String(decoding: Array(texts.joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { [0x20, 0x0a, 0x0d, 0x09].contains(byte) }
}
