import CacheModel
import FoundationEssentials

/// A stored entry as it is shown.
enum EntryText {
    /// Lines of text beyond this are cut off for people; `--json` has all of it.
    private static let lineCount = 120

    /// - Parameter isBrief: the prompt only.
    static func lines(_ entry: StoredEntry, isBrief: Bool = false) -> [String] {
        var pairs: [(name: String, value: String)] = []
        if let prompt = entry.prompt { pairs.append(("prompt", brief(prompt))) }
        if isBrief { return TextTable.pairs(pairs) }
        if let payload = entry.payload { pairs.append(("payload", brief(payload, entry.contentType))) }
        if !entry.dependencies.isEmpty {
            pairs.append(("built from", entry.dependencies.map(DependencyText.text).joined(separator: " ")))
        }
        if !entry.tags.isEmpty { pairs.append(("tags", entry.tags.joined(separator: " "))) }
        let age = DurationText.text(milliseconds: max(0, entry.ageMilliseconds))
        let end = entry.expiresAt.map { end in
            let left = end.milliseconds(since: entry.createdAt.advanced(byMilliseconds: entry.ageMilliseconds))
            return left > 0 ? ", expires in \(DurationText.text(milliseconds: left))" : ", expired"
        }
        pairs.append(("age", age + (end ?? "")))
        return TextTable.pairs(pairs)
    }

    private static func brief(_ payload: [UInt8], _ contentType: String) -> String {
        guard let text = String(validating: payload, as: UTF8.self) else {
            return "\(ByteCountText.text(bytes: payload.count)) of \(contentType)"
        }
        return brief(text)
    }

    /// On one line, and without what a terminal would act on.
    static func brief(_ text: String) -> String {
        var line = ""
        for character in text.prefix(lineCount) {
            let isControl = character.unicodeScalars.contains { $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) }
            line.append(isControl ? " " : character)
        }
        return text.count > lineCount ? line + "…" : line
    }

    static func json(_ entry: StoredEntry) -> JSONText { .object(fields(entry)) }

    /// The payload stands under `payload` when it is UTF-8, under `payloadBase64` when it is not.
    static func fields(_ entry: StoredEntry) -> [JSONText.Field] {
        let text = entry.payload.flatMap { String(validating: $0, as: UTF8.self) }
        let encoded = text == nil ? entry.payload.map { Data($0).base64EncodedString() } : nil
        let fields: KeyValuePairs<String, JSONText?> = [
            "entry": .unsigned(entry.identifier.number), "scope": .text(entry.scope.description),
            "key": entry.key.map { .text($0.description) }, "createdAtMs": .integer(Int(entry.createdAt.milliseconds)),
            "ageMs": .integer(Int(entry.ageMilliseconds)),
            "expiresAtMs": entry.expiresAt.map { .integer(Int($0.milliseconds)) },
            "norm": entry.norm.map { .float($0) }, "costSavedNanodollars": .unsigned(entry.costSavedNanodollars),
            "prompt": entry.prompt.map { .text($0) },
            "dependsOn": .array(entry.dependencies.map { .text(DependencyText.text($0)) }),
            "tags": .array(entry.tags.map { .text($0) }), "contentType": .text(entry.contentType),
            "payloadBytes": .integer(entry.payloadBytes), "payload": text.map { .text($0) },
            "payloadBase64": encoded.map { .text($0) },
        ]
        return fields.compactMap { name, value in value.map { .init(name, $0) } }
    }
}
