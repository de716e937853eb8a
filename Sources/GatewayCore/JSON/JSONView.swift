/// One value of a document.
///
/// What ends in `Value` is nil for a value of another kind; the functions throw `invalid_request` that names the path,
/// as a request needs it: `messages[0].content must be a string, not a number`.
package struct JSONView: Sendable {
    package let document: JSONDocument
    let node: Int

    package var kind: JSONKind { document.nodes[node].kind }
    package var isNull: Bool { kind == .null }
    /// As it stands in the text: a string with quotes and escapes.
    package var bytes: ArraySlice<UInt8> { document.bytes[document.nodes[node].range] }
    /// How one would write the way from the root: `messages[0].content`. Empty for the root.
    package var path: String { document.path(to: node) }

    // MARK: What is inside

    /// A member's value, null included; nil when there is none, or this is no object.
    package subscript(name: String) -> JSONView? {
        document.member(name, of: node).map { JSONView(document: document, node: $0) }
    }

    /// A member's value unless it is null, which APIs take for absent.
    package func present(_ name: String) -> JSONView? {
        self[name].flatMap { $0.isNull ? nil : $0 }
    }

    /// The elements of an array; none for another kind.
    package var elements: some Sequence<JSONView> {
        let isArray = kind == .array
        return document.children(of: node).lazy.compactMap { [document] in
            isArray ? JSONView(document: document, node: $0) : nil
        }
    }

    /// The members of an object; none for another kind.
    package var members: some Sequence<(name: String, value: JSONView)> {
        let isObject = kind == .object
        return document.children(of: node).lazy.compactMap { [document] in
            isObject ? (document.string(of: $0), JSONView(document: document, node: $0 + 1)) : nil
        }
    }

    /// How many elements or members are right inside.
    package var count: Int { document.children(of: node).reduce(0) { count, _ in count + 1 } }

    /// Whether nothing is said: null, an empty string, array or object.
    package var isEmpty: Bool {
        switch kind {
        case .object, .array: Int(document.nodes[node].next) == node + 1
        case .string: document.nodes[node].content.isEmpty
        default: isNull
        }
    }

    // MARK: Values

    package var stringValue: String? { kind == .string ? document.string(of: node) : nil }
    /// The UTF-8 of a string, escapes taken out.
    package var textValue: [UInt8]? { kind == .string ? document.text(of: node) : nil }
    package var booleanValue: Bool? { kind == .boolean ? bytes.first == UInt8(ascii: "t") : nil }
    /// Nil also for a number with a fraction or an exponent, and for one beyond 64 bits.
    package var integerValue: Int? { kind == .number ? Int(String(decoding: bytes, as: UTF8.self)) : nil }
    /// Nil also for a number beyond the range of a double.
    package var numberValue: Double? {
        guard kind == .number, let number = Double(String(decoding: bytes, as: UTF8.self)), number.isFinite else {
            return nil
        }
        return number
    }

    package func string() throws(GatewayError) -> String { try expect(stringValue, "a string") }
    package func boolean() throws(GatewayError) -> Bool { try expect(booleanValue, "a boolean") }
    package func integer() throws(GatewayError) -> Int { try expect(integerValue, "an integer") }
    package func number() throws(GatewayError) -> Double { try expect(numberValue, "a number") }

    @discardableResult
    package func object() throws(GatewayError) -> JSONView { try expect(kind == .object ? self : nil, "an object") }

    @discardableResult
    package func array() throws(GatewayError) -> JSONView { try expect(kind == .array ? self : nil, "an array") }

    /// A member that must be there and not null.
    package func required(_ name: String) throws(GatewayError) -> JSONView {
        guard let value = present(name) else {
            let path = path.isEmpty ? name : "\(self.path).\(name)"
            throw GatewayError(.invalidRequest, "\(Self.shown(path)) is required.", parameter: Self.shown(path))
        }
        return value
    }

    /// The error that this value is not what it has to be.
    ///
    /// - Parameter expectation: `a string`, `one of …`.
    package func mismatch(_ expectation: String) -> GatewayError {
        let path = Self.shown(path.isEmpty ? "the body" : path)
        let got = expectation == kind.phrase ? "one out of range" : kind.phrase
        return GatewayError(.invalidRequest, "\(path) must be \(expectation), not \(got).", parameter: path)
    }

    private func expect<Value>(_ value: Value?, _ expectation: String) throws(GatewayError) -> Value {
        guard let value else { throw mismatch(expectation) }
        return value
    }

    /// Names of members are a peer's text: an error tells so much of it and no more.
    private static func shown(_ path: String) -> String {
        path.utf8.count <= longestPathBytes ? path : String(path.prefix(longestPathBytes / 4)) + "…"
    }

    private static let longestPathBytes = 256
}
