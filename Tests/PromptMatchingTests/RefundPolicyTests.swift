import FoundationEssentials
import PromptMatching
import Testing

/// The weights in `Models/matching` on prompts of which no word is known to any rule.
@Suite struct RefundPolicyTests {
    private let policy = "What's our refund policy?"
    private let paraphrase = "How do I get a refund?"
    private let neighbor = "What's our return policy?"
    private let model: MatchModel
    private let adapter: EmbeddingAdapter
    private let embeddings: [[Float]]

    init() throws {
        let folder = PromptPairList.repository.appending(path: "Models/matching")
        model = try MatchModel(decoding: [UInt8](Data(contentsOf: folder.appending(path: "match-model.weights"))))
        adapter = try EmbeddingAdapter(decoding: [UInt8](Data(contentsOf: folder.appending(path: "adapter.weights"))))
        let fixture = PromptPairList.repository.appending(path: "Tests/Fixtures/prompt-pairs/refund.f32")
        let bytes = [UInt8](try Data(contentsOf: fixture))
        let values = bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { index in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
            }
        }
        embeddings = stride(from: 0, to: values.count, by: 384).map { Array(values[$0..<$0 + 384]) }
    }

    private func similarity(_ first: Int, _ second: Int, adapted: Bool) throws -> Double {
        let left = adapted ? try #require(adapter.apply(embeddings[first])) : embeddings[first]
        let right = adapted ? try #require(adapter.apply(embeddings[second])) : embeddings[second]
        return Double(zip(left, right).reduce(0) { $0 + $1.0 * $1.1 })
    }

    private func probability(_ first: String, _ second: String, _ similarity: Double) -> Double {
        model.probability(PromptPair(PromptText(first), PromptText(second)), similarity: similarity)
    }

    @Test func cosineAlonePutsTheNeighborBeforeTheParaphrase() throws {
        #expect(try similarity(0, 1, adapted: false) < similarity(0, 2, adapted: false))
    }

    @Test func theAdapterPutsTheParaphraseBeforeTheNeighbor() throws {
        let same = try similarity(0, 1, adapted: true)
        let other = try similarity(0, 2, adapted: true)
        #expect(same > other + 0.03, "\(same), \(other)")
    }

    @Test func aTargetPrecisionOf87HundredthsTakesTheParaphraseAndRefusesTheNeighbor() throws {
        let threshold = try model.precision.threshold(for: try #require(TargetPrecision(0.87)))
        let similarityOfSame = try similarity(0, 1, adapted: true)
        let same = probability(policy, paraphrase, similarityOfSame)
        let other = probability(policy, neighbor, try similarity(0, 2, adapted: true))
        #expect(same >= threshold.probability && similarityOfSame >= threshold.similarityFloor, "\(same), \(threshold)")
        #expect(other < threshold.probability / 2, "\(other), \(threshold)")
    }

    @Test func guardsLetTheParaphrasePass() {
        #expect(GuardSet().verdict(PromptText(policy), PromptText(paraphrase)) == .pass)
    }
}
