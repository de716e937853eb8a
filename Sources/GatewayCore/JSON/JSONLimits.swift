/// How much JSON is read at most. What is beyond is refused before memory is spent on it.
package struct JSONLimits: Hashable, Sendable {
    /// The whole text. At most 4 GiB - 1, as offsets have 32 bits.
    package let bytes: Int
    /// Objects and arrays inside of each other.
    package let depth: Int
    /// Values of any kind, names of members included. Each costs 16 bytes while the text is held.
    package let values: Int

    /// What is out of range is moved to the nearest value in it.
    package init(bytes: Int, depth: Int, values: Int) {
        self.bytes = min(max(bytes, 0), Int(UInt32.max))
        self.depth = min(max(depth, 1), Self.deepest)
        self.values = min(max(values, 1), Int(UInt32.max))
    }

    /// The canonical form is written by recursion, so no document is ever deeper.
    package static let deepest = 512

    /// A request: pictures come inside of it as base64, schemas of tools are about ten levels deep, and a request for
    /// embeddings may be some hundred thousand tokens.
    package static let request = JSONLimits(bytes: 32 << 20, depth: 128, values: 1_000_000)
    /// An upstream's answer, or one event of its stream.
    package static let answer = JSONLimits(bytes: 32 << 20, depth: 128, values: 4_000_000)
}
