import FoundationEssentials
package import GatewayCore
package import PromptMatching

/// What has been learned from pairs: a match model, and the adapter that its similarities are of.
package struct Matcher: Sendable {
    package let model: MatchModel
    package let adapter: EmbeddingAdapter?

    package static let modelFile = "match-model.weights"
    package static let adapterFile = "adapter.weights"

    /// - Throws: `damaged-weights` also for a model and an adapter that were not trained together.
    package init(model: MatchModel, adapter: EmbeddingAdapter?) throws(MatchingError) {
        guard model.adapterFingerprint == adapter?.fingerprint else {
            throw MatchingError(
                .damagedWeights,
                "the model was trained with \(model.adapterFingerprint.map { "adapter \($0)" } ?? "no adapter"), and there is "
                    + (adapter?.fingerprint ?? "none"))
        }
        self.model = model
        self.adapter = adapter
    }

    /// - Parameter folder: as `semblance-gateway matcher train` writes it.
    package init(folder: String) throws(MatchingError) {
        guard let model = Self.contents(of: Self.modelFile, in: folder) else {
            throw MatchingError(.damagedWeights, "\(folder)/\(Self.modelFile) cannot be read")
        }
        let adapter = Self.contents(of: Self.adapterFile, in: folder)
        try self.init(
            model: try MatchModel(decoding: model),
            adapter: try adapter.map { bytes throws(MatchingError) in try EmbeddingAdapter(decoding: bytes) })
    }

    /// - Throws: `too-few-pairs` for a use case whose target precision the model cannot promise.
    package func check(_ useCases: some Sequence<UseCase>) throws(MatchingError) {
        for useCase in useCases {
            guard case .precision(let value) = useCase.matching, let target = TargetPrecision(value) else { continue }
            do {
                _ = try model.precision.threshold(for: target)
            } catch {
                throw MatchingError(error.code, "the use case '\(useCase.name)' cannot be: \(error.message)")
            }
        }
    }

    private static func contents(of file: String, in folder: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: folder).appending(path: file))).map { [UInt8]($0) }
    }
}
