/// The tokens of one text, with the two that enclose it.
package struct TokenSequence: Hashable, Sendable {
    package var identifiers: [Int32]
    /// Whether the text had more tokens than the model takes, so that its end was cut off.
    package var isTruncated: Bool

    package init(identifiers: [Int32], isTruncated: Bool = false) {
        self.identifiers = identifiers
        self.isTruncated = isTruncated
    }
}
