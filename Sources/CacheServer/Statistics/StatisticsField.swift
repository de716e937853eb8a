import CacheEngine
import CacheModel

/// One line of the statistics.
package struct StatisticsField: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case number(Int)
        case flag(Bool)
        case text(String)
        case object([StatisticsField])
    }

    package var name: String
    package var value: Value

    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }

    package init(_ name: String, _ number: Int) { self.init(name, .number(number)) }
}

extension StatisticsField.Value {
    /// JSON, fields in their order.
    package var json: String {
        switch self {
        case .number(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        case .text(let text): Self.quoted(text)
        case .object(let fields):
            "{" + fields.map { "\(Self.quoted($0.name)):\($0.value.json)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..<" ": quoted += "\\u00" + UInt8(truncatingIfNeeded: scalar.value).hexadecimal
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension EngineStatistics {
    /// Under the names that documents and `--json` use.
    var fields: [StatisticsField] {
        [
            StatisticsField("position", .text(position.description)),
            StatisticsField("isFenced", .flag(isFenced)),
            StatisticsField("namespaceCount", namespaceCount),
            StatisticsField("entryCount", entryCount),
            StatisticsField("rowCount", rowCount),
            StatisticsField("indexedRowCount", indexedRowCount), StatisticsField("indexBytes", indexBytes),
            StatisticsField("indexBuildsPending", indexBuildsPending),
            StatisticsField("watermarkCount", watermarkCount),
            StatisticsField("limitedBytes", limitedBytes),
            StatisticsField("entryLimit", entryLimit ?? 0), StatisticsField("byteLimit", byteLimit ?? 0),
            StatisticsField("mapBytes", mapBytes),
            StatisticsField("usedBytes", usedBytes),
            StatisticsField("isServing", .flag(isServing)),
            StatisticsField("snapshotAgeMilliseconds", snapshotAgeMilliseconds),
            StatisticsField("lookupsWaiting", lookupsWaiting),
            StatisticsField("writesWaiting", writesWaiting),
            StatisticsField("kernel", .text(kernel)),
            StatisticsField("durability", .text("\(durability)")),
        ] + counts.map { StatisticsField($0.name, $0.value) }
    }
}
