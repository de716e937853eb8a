/// What went wrong, in a form that both people and programs can act on: a stable code and a sentence.
package struct EmbeddingError: Error, Hashable, Sendable, CustomStringConvertible {
    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }

    /// The stable names of errors.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        // The model folder.
        /// A file is missing or cannot be read.
        case fileUnreadable = "file-unreadable"
        /// A file is not what its format says: a length, an offset or a field is wrong.
        case fileDamaged = "file-damaged"
        /// The configuration asks for something else than a BERT encoder with mean pooling.
        case unsupportedArchitecture = "unsupported-architecture"
        /// A size is beyond the limits, or one that the kernels cannot do.
        case unsupportedDimension = "unsupported-dimension"
        /// A tensor is missing.
        case weightsMissing = "weights-missing"
        /// A tensor has another shape or type than the configuration says.
        case weightsMismatch = "weights-mismatch"
        /// The vocabulary has another size than the configuration says, or lacks a token that encoding needs.
        case vocabularyMismatch = "vocabulary-mismatch"

        // This machine.
        /// No kernels of that name, or none with the wanted precision.
        case unsupportedKernels = "unsupported-kernels"

        // A request.
        /// Tokens that do not belong to the model, or too many of them.
        case invalidTokens = "invalid-tokens"
        /// The embedding of this text is not finite: the weights are not those of a usable model.
        case notFinite = "not-finite"
        /// Too much is waiting already.
        case overloaded = "overloaded"
        case cancelled = "cancelled"
        case closed = "closed"
    }
}
