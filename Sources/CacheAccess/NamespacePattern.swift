package import CacheModel

/// The namespaces that a token is for: one by its name, or with a `*` at the end all whose names begin so.
///
///     support     the namespace "support", and no other
///     app-*       "app-", "app-1", "app-billing"; not "app" and not "my-app-1"
///     *           every namespace, and what concerns the store as a whole
///
/// Names are compared byte by byte, letter case included. A `*` anywhere but at the end is refused, so that nobody takes
/// it for more than it is; a namespace whose name ends in `*` is reached by a pattern of one `*` more.
package struct NamespacePattern: Hashable, Sendable {
    /// As it is written.
    package let text: String
    private let bytes: [UInt8]
    private let isPrefix: Bool

    /// - Throws: `invalid-argument` with the field `namespace`.
    package init(parsing text: String) throws(CacheError) {
        let name = text.utf8.last == Self.star ? text.utf8.dropLast() : text.utf8[...]
        guard !text.isEmpty, name.count <= Limits.namespaceBytes else {
            throw Self.invalid("a pattern has 1 through \(Limits.namespaceBytes) bytes, and a * after them", text)
        }
        // Of a name that itself ends in * the last one is the name's: "a**" is what begins with "a*".
        guard !name.dropLast().contains(Self.star) else {
            throw Self.invalid("a * stands at the end only, for whatever follows", text)
        }
        self.text = text
        bytes = Array(name)
        isPrefix = name.count < text.utf8.count
    }

    package static let all = NamespacePattern()

    private init() {
        text = "*"
        bytes = []
        isPrefix = true
    }

    private static let star = UInt8(ascii: "*")

    package var matchesAll: Bool { isPrefix && bytes.isEmpty }

    package func matches(_ namespace: String) -> Bool {
        isPrefix ? namespace.utf8.starts(with: bytes) : namespace.utf8.elementsEqual(bytes)
    }

    package static func == (one: NamespacePattern, other: NamespacePattern) -> Bool {
        one.isPrefix == other.isPrefix && one.bytes == other.bytes
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(bytes)
        hasher.combine(isPrefix)
    }

    private static func invalid(_ rule: String, _ text: String) -> CacheError {
        CacheError(
            .invalidArgument, "'\(text)' is no pattern of namespaces: \(rule)",
            detail: ["field": "namespace", "got": text])
    }
}
