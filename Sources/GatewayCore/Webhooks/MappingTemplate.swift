/// A text with places to be filled from a webhook's body: `dbt/{unique_id}`, `{$.metadata.generated_at|time}`.
///
/// `{{` and `}}` stand for braces. After a bar comes what is done with the value: `time` makes microseconds since 1970
/// of a date and time as RFC 3339 has it.
struct MappingTemplate: Hashable {
    enum Filter: String, Hashable, CaseIterable {
        case time
    }

    private enum Piece: Hashable {
        case text(String)
        case place(MappingPath, Filter?)
    }

    struct Problem: Error, Hashable {
        var reason: String
    }

    private var pieces: [Piece] = []

    init(_ template: String) throws(Problem) {
        guard (1...GatewayLimits.templateBytes).contains(template.utf8.count) else {
            throw Problem(reason: "must have 1 through \(GatewayLimits.templateBytes) bytes")
        }
        let open = UInt8(ascii: "{")
        let close = UInt8(ascii: "}")
        let bytes = Array(template.utf8)
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == open || byte == close, index + 1 < bytes.count, bytes[index + 1] == byte {
                text.append(byte)
                index += 2
            } else if byte == open {
                guard let end = bytes[index...].firstIndex(of: close) else {
                    throw Problem(reason: "has a '{' without '}'")
                }
                if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
                text = []
                pieces.append(try Self.place(String(decoding: bytes[(index + 1)..<end], as: UTF8.self)))
                index = end + 1
            } else if byte == close {
                throw Problem(reason: "has a '}' without '{'")
            } else {
                text.append(byte)
                index += 1
            }
        }
        if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
    }

    private static func place(_ text: String) throws(Problem) -> Piece {
        let (place, filterName) = HeaderList.halves(text[...], at: UInt8(ascii: "|"))
        guard let path = MappingPath(place) else { throw Problem(reason: "has '{\(text)}', which is no path") }
        guard let filterName else { return .place(path, nil) }
        guard let filter = Filter(rawValue: String(filterName)) else {
            let known = Filter.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(reason: "has '{\(text)}', but after '|' comes one of \(known)")
        }
        return .place(path, filter)
    }

    /// - Throws: `invalid_request` that names the place for what is not there, has no text, or is no time.
    func text(in item: JSONView, root: JSONView) throws(GatewayError) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let plain): text += plain
            case .place(let path, let filter):
                guard let value = path.value(in: item, root: root), let plain = Self.scalar(value) else {
                    throw Self.invalid(path, item, "has no text or number '\(path.text)', which the mapping needs")
                }
                guard filter == .time else {
                    text += plain
                    continue
                }
                guard let microseconds = InternetTime.microseconds(plain) else {
                    throw Self.invalid(path, item, "has no date and time as RFC 3339 writes it in '\(path.text)'")
                }
                text += String(microseconds)
            }
        }
        return text
    }

    private static func invalid(_ path: MappingPath, _ item: JSONView, _ reason: String) -> GatewayError {
        let place = item.path.isEmpty ? "The body" : item.path
        return GatewayError(
            .invalidRequest, "\(place) \(reason).", parameter: item.path.isEmpty ? path.text : item.path)
    }

    /// Numbers as they are written.
    static func scalar(_ value: JSONView) -> String? {
        switch value.kind {
        case .string: value.stringValue
        case .number, .boolean: String(decoding: value.bytes, as: UTF8.self)
        case .object, .array, .null: nil
        }
    }
}
