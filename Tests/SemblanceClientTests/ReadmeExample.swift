// The example of the README, word for word; `ReadmeTests` compares them. It is here so that it compiles.
// example
import SemblanceClient

func answer(_ question: String, embedding: [Float], cache: SemblanceClient) async throws -> String? {
    let answer = try await cache.answer(to: Lookup(vector: embedding), in: "support") {
        // Runs on a miss. What is read in here is covered by the lookup's lease: if kb/refunds changes meanwhile,
        // the answer is returned but not stored.
        let documents = try await readDocuments(for: question)
        return ComputedAnswer(
            text: try await askModel(question, documents), prompt: question,
            dependencies: [Dependency("kb/refunds")])
    }
    return answer.text
}

func documentsWerePublished(version: UInt64, cache: SemblanceClient) async throws {
    let news = Invalidation(source: "kb/refunds", change: .version(version))
    try await cache.invalidate(news, in: "support")
}
// end of the example

private func readDocuments(for question: String) async throws -> [String] { [question] }
private func askModel(_ question: String, _ documents: [String]) async throws -> String { question + documents.joined() }
