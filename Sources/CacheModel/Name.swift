/// A name as the store compares it: byte by byte.
///
/// Swift's strings count as equal when they look alike, as a composed and a decomposed `é` do; as names of namespaces, sources, tags
/// or labels they are different, or one tenant's name could lead to another's entries.
package struct Name: Hashable, Sendable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    package static func == (one: Name, other: Name) -> Bool {
        // Memory beside memory: the views of UTF-8 are compared unit by unit.
        var (one, other) = (one.text, other.text)
        return one.withUTF8 { one in other.withUTF8 { one.count == $0.count && one.elementsEqual($0) } }
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
