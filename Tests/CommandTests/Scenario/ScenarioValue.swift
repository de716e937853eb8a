import Foundation

/// A value of the scenario's file, or of what a client was answered. What is absent is `null`.
enum ScenarioValue: Hashable, Sendable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([ScenarioValue])
    case object([String: ScenarioValue])

    subscript(_ name: String) -> ScenarioValue {
        if case .object(let members) = self { members[name] ?? .null } else { .null }
    }

    var isNull: Bool { self == .null }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var double: Double? { if case .number(let number) = self { number } else { nil } }
    var float: Float? { double.map(Float.init) }
    var isOn: Bool { self == .flag(true) }
    var list: [ScenarioValue]? { if case .list(let list) = self { list } else { nil } }
    var texts: [String] { list?.compactMap(\.text) ?? [] }

    func integer<Integer: FixedWidthInteger>(as type: Integer.Type = Integer.self) -> Integer? {
        double.flatMap { Integer(exactly: $0) }
    }

    static func number(_ number: some BinaryInteger) -> ScenarioValue { .number(Double(number)) }
    static func optional<Value>(_ value: Value?, _ make: (Value) -> ScenarioValue) -> ScenarioValue {
        value.map(make) ?? .null
    }
}

extension ScenarioValue: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([ScenarioValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: ScenarioValue].self))
        }
    }
}

extension ScenarioValue {
    /// The value at a path such as `/0/lease`.
    func at(_ path: String) -> ScenarioValue {
        path.split(separator: "/").reduce(self) { value, part in
            guard case .list(let list) = value else { return value[String(part)] }
            return Int(part).flatMap { list.indices.contains($0) ? list[$0] : nil } ?? .null
        }
    }

    /// - Returns: what is not as expected, with its path; nil when everything is.
    func difference(from expected: ScenarioValue, at path: String = "") -> String? {
        switch expected {
        case .object(let members):
            if members["$any"] != nil { return isNull ? "\(path) is not there" : nil }
            if let item = members["$holds"] {
                let isHeld = list?.contains { $0.difference(from: item) == nil } ?? false
                return isHeld ? nil : "\(path) does not hold \(item)"
            }
            guard case .object = self else { return "\(path) is \(self), not an object" }
            return members.lazy.compactMap { self[$0.key].difference(from: $0.value, at: "\(path)/\($0.key)") }.first
        case .list(let items):
            guard let list, list.count == items.count else { return "\(path) is \(self), not \(items.count) items" }
            return zip(list, items).enumerated().lazy
                .compactMap { $0.element.0.difference(from: $0.element.1, at: "\(path)/\($0.offset)") }.first
        case .number(let number) where path.hasSuffix("similarity"):
            guard let double, abs(double - number) <= 1e-4 else { return "\(path) is \(self), not \(number)" }
            return nil
        default: return self == expected ? nil : "\(path) is \(self), not \(expected)"
        }
    }
}
