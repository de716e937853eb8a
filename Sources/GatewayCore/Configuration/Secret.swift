/// A key or a password, which is never printed: descriptions and dumps show that it is there, and no more.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package let value: String

    /// - Returns: nil for an empty text, and for one with characters that cannot stand in a header.
    package init?(_ value: String) {
        guard !value.isEmpty, value.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        self.value = value
    }

    package var description: String { Self.mask }
    package var debugDescription: String { Self.mask }
    package var customMirror: Mirror { Mirror(self, children: []) }

    package static let mask = "••••••••"
}
