import CacheModel
import FoundationEssentials

/// The first line of an export: which namespace the entries are of, and how it is set.
///
///     {"semblance_export":1,"namespace":"support","position":"00c1f3a09b2e7d44:17","dimension":384,"threshold":0.95}
struct ExportHeader: Hashable, Sendable {
    /// Of what a line may say; raised when an older program would store less than a line says.
    static let currentVersion = 1

    var namespace: String
    var settings: NamespaceSettings
    /// Where the store stood when the export began.
    var position: Position

    private struct Document: Codable {
        var version: Int
        var namespace: String
        var position: String
        var dimension: Int?
        var model: String?
        var threshold: Float
        var timeToLive: Int64?
        var capacity: Int?

        enum CodingKeys: String, CodingKey {
            case version = "semblance_export"
            case timeToLive = "ttl_ms"
            case namespace, position, dimension, model, threshold, capacity
        }
    }

    private struct Mark: Decodable {
        var version: Int?
        enum CodingKeys: String, CodingKey { case version = "semblance_export" }
    }

    init(namespace: String, settings: NamespaceSettings, position: Position) {
        self.namespace = namespace
        self.settings = settings
        self.position = position
    }

    /// - Returns: nil for a line that is no header.
    /// - Throws: `unsupported-format` for an export of a later version, `invalid-argument` for a header that does not
    ///   add up.
    init?(parsing line: [UInt8]) throws(CacheError) {
        let data = Data(line)
        guard let version = (try? JSONDecoder().decode(Mark.self, from: data))?.version else { return nil }
        guard version <= Self.currentVersion else {
            throw CacheError(
                .unsupportedFormat, "the export has format \(version), this version reads up to \(Self.currentVersion)",
                detail: ["expected": String(Self.currentVersion), "got": String(version)])
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: data),
            let position = Position(document.position)
        else { throw CacheError(.invalidArgument, "the first line of the export cannot be read") }
        self.init(
            namespace: document.namespace,
            settings: NamespaceSettings(
                dimension: document.dimension, model: document.model ?? "", threshold: document.threshold,
                timeToLiveMilliseconds: document.timeToLive, capacity: document.capacity),
            position: position)
    }

    var json: JSONText {
        .fields([
            "semblance_export": .integer(Self.currentVersion), "namespace": .text(namespace),
            "position": .text(position.description), "dimension": settings.dimension.map { .integer($0) },
            "model": settings.model.isEmpty ? nil : .text(settings.model), "threshold": .float(settings.threshold),
            "ttl_ms": settings.timeToLiveMilliseconds.map { .integer(Int($0)) },
            "capacity": settings.capacity.map { .integer($0) },
        ])
    }
}
