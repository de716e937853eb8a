/// What a JSON value is.
package enum JSONKind: UInt8, Hashable, Sendable {
    case object, array, string, number, boolean, null

    /// With its article, for messages: `a string`.
    package var phrase: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .boolean: "a boolean"
        case .null: "null"
        }
    }
}

/// One value of a document, or the name of a member, which is a string node right before its value.
///
/// Nodes lie in the order of the text: what is inside of a node follows it, up to `next`. 16 bytes.
struct JSONNode {
    /// The bytes of the value, quotes and brackets included.
    var start: UInt32
    var end: UInt32
    /// The first node that is not inside of this one.
    var next: UInt32
    var kind: JSONKind
    /// For a string: that it has escapes, so that its bytes are not its text.
    var isEscaped = false

    var range: Range<Int> { Int(start)..<Int(end) }
    /// A string's bytes without the quotes.
    var content: Range<Int> { Int(start) + 1..<Int(end) - 1 }
}
