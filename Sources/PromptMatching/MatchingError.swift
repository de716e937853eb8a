/// Why a model, an adapter or a file of pairs cannot be used.
package struct MatchingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable; the raw value is the name in documents and logs.
    package enum Code: String, Sendable, CaseIterable {
        /// The file of pairs or texts is not what it should be.
        case invalidPairs = "invalid-pairs"
        /// Embeddings of another dimension or number than expected.
        case invalidEmbeddings = "invalid-embeddings"
        /// A file of weights does not match its checksum or its form.
        case damagedWeights = "damaged-weights"
        /// A file of weights of a version or kind that this program does not read.
        case unsupportedWeights = "unsupported-weights"
        /// Too few pairs for what is asked.
        case tooFewPairs = "too-few-pairs"
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
