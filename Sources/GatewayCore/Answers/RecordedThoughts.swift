/// What a model is thinking aloud while it is recorded: text by the name of the member that it belongs to.
struct RecordedThoughts {
    private var members: [(name: String, text: [UInt8])] = []

    /// - Parameter answer: is marked as cut when there is too much.
    mutating func append(_ text: [UInt8], to name: String, of answer: inout RecordedAnswer) {
        guard !answer.isCut else { return }
        guard text.count <= AnswerLimits.answerBytes - members.reduce(0, { $0 + $1.text.count }) else {
            answer.isCut = true
            return
        }
        if let index = members.firstIndex(where: { $0.name == name }) {
            members[index].text += text
        } else {
            members.append((name, text))
        }
    }

    /// Ends what is being thought.
    ///
    /// - Parameter type: the object's `type`, if it has one.
    /// - Returns: all members as an object; nil if there were none.
    mutating func take(type: String?) -> [UInt8]? {
        guard !members.isEmpty else { return nil }
        defer { members = [] }
        return JSONWriter.object { object in
            if let type { object.member("type", type) }
            for (name, text) in members {
                object.name(name)
                object.string(text)
            }
        }
    }
}
