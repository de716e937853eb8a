/// What a server can do beyond version 1: bits of its reply to HELLO.
package struct Capabilities: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Entries can be read page by page and stored again as they were: SCAN, FOLLOW, and in INSERT the creation and the
    /// norm.
    package static let copies = Capabilities(rawValue: 1 << 0)

    /// Of this version.
    package static let current: Capabilities = [.copies]
}
