import ArgumentParser
import Gateway
import GatewayCore
import PromptMatching
import TextEmbedding

/// What a configuration names by their folders: the sentence encoder and the matcher, loaded and checked.
struct ModelFiles {
    /// Nil where none runs in this process.
    let embedder: BuiltInEmbedder?
    let matcher: Matcher?

    /// - Throws: `ExitCode` 78 after what is wrong has been printed.
    init(_ configuration: GatewayConfiguration) throws {
        if case .builtIn(let folder) = configuration.encoder {
            do {
                embedder = try BuiltInEmbedder(folder: folder)
            } catch {
                Terminal.error("The encoder in \(folder) cannot be used: \(error.message)")
                Terminal.error("scripts/fetch-model gets all-MiniLM-L6-v2.")
                throw ExitCode(78)
            }
        } else {
            embedder = nil
        }
        guard let folder = configuration.matcherFolder else {
            matcher = nil
            return
        }
        do {
            let matcher = try Matcher(folder: folder)
            try matcher.check(configuration.useCases)
            if let adapter = matcher.adapter, let embedder, embedder.dimension != adapter.dimension {
                throw MatchingError(
                    .invalidEmbeddings,
                    "its adapter is for \(adapter.dimension) dimensions, and the encoder makes \(embedder.dimension)")
            }
            self.matcher = matcher
        } catch let error as MatchingError {
            Terminal.error("The matcher in \(folder) cannot be used: \(error.message).")
            throw ExitCode(78)
        }
    }
}
