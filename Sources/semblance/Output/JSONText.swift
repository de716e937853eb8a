import CacheModel

/// A JSON document to be written, whose fields keep their order, so that output is the same for the same content.
indirect enum JSONText: Hashable, Sendable {
    case null
    case flag(Bool)
    case integer(Int)
    case unsigned(UInt64)
    case number(Double)
    /// Written with as few digits as read back to the same float.
    case float(Float)
    case text(String)
    case array([JSONText])
    case object([Field])
    /// A document that is JSON already.
    case document(String)

    struct Field: Hashable, Sendable {
        var name: String
        var value: JSONText

        init(_ name: String, _ value: JSONText) {
            self.name = name
            self.value = value
        }
    }

    /// Fields without a value are left out.
    static func fields(_ fields: KeyValuePairs<String, JSONText?>) -> JSONText {
        .object(fields.compactMap { name, value in value.map { Field(name, $0) } })
    }

    /// On one line.
    var line: String {
        switch self {
        case .null: "null"
        case .flag(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        case .number(let number): number.isFinite ? Self.plain("\(number)") : "null"
        case .float(let number): number.isFinite ? Self.plain("\(number)") : "null"
        case .text(let text): Self.quoted(text)
        case .array(let items): "[" + items.map(\.line).joined(separator: ",") + "]"
        case .object(let fields):
            "{" + fields.map { "\(Self.quoted($0.name)):\($0.value.line)" }.joined(separator: ",") + "}"
        case .document(let document): document
        }
    }

    private static func plain(_ digits: String) -> String {
        digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\u{0}"..<" ", "\u{7f}": quoted += "\\u00" + UInt8(truncatingIfNeeded: scalar.value).hexadecimal
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension JSONText: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
}
