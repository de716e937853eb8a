import CacheModel
import FoundationEssentials

/// An entry as a line of an export, which `ImportRecord` reads.
enum ExportLine {
    /// - Parameter incarnation: of the store that the entry is in.
    static func json(_ scanned: ScannedEntry, incarnation: UInt64) -> JSONText {
        let entry = scanned.entry
        let payload = entry.payload ?? []
        let text = String(validating: payload, as: UTF8.self)
        let filledAt = Position(incarnation: incarnation, sequence: scanned.fillSequence)
        return .fields([
            "scope": entry.scope == .shared ? nil : .text(entry.scope.description),
            "key": entry.key.map { .text($0.description) },
            "prompt": entry.prompt.map { .text($0) },
            "payload": text.map { .text($0) },
            "payload_base64": text == nil ? .text(Data(payload).base64EncodedString()) : nil,
            "content_type": .text(entry.contentType),
            "depends_on": entry.dependencies.isEmpty
                ? nil : .array(entry.dependencies.map { DependencyField($0).json }),
            "tags": entry.tags.isEmpty ? nil : .array(entry.tags.map { .text($0) }),
            "created_at": .integer(Int(entry.createdAt.milliseconds)),
            "expires_at": entry.expiresAt.map { .integer(Int($0.milliseconds)) },
            "cost_saved_nanodollars": entry.costSavedNanodollars == 0 ? nil : .unsigned(entry.costSavedNanodollars),
            "filled_at": .text(filledAt.description),
            "norm": scanned.vector == nil ? nil : entry.norm.map { .float($0) },
            "vector_f32": scanned.vector.map { .text(VectorBits.base64($0)) },
        ])
    }
}
