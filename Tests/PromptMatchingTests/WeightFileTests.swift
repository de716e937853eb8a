import Testing

@testable import PromptMatching

@Suite struct WeightFileTests {
    private let adapter: EmbeddingAdapter
    private let model: MatchModel

    init() throws {
        let data = try SyntheticPairs(count: 240, seed: 21)
        let result = try SyntheticPairs.training.train(data.labeled, prompts: data.prompts, embeddings: data.embeddings)
        adapter = try #require(result.adapter)
        model = result.model
    }

    @Test func whatIsWrittenIsRead() throws {
        #expect(try MatchModel(decoding: model.encoded()) == model)
        let read = try EmbeddingAdapter(decoding: adapter.encoded())
        #expect(read.encoded() == adapter.encoded())
        let vector = (0..<SyntheticPairs.dimension).map { Float($0) - 5 }
        let pairs = zip(try #require(read.apply(vector)), try #require(adapter.apply(vector)))
        #expect(pairs.allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func anAdapterKeepsItsFingerprintAndItsModelNamesIt() throws {
        let read = try EmbeddingAdapter(decoding: adapter.encoded())
        #expect(read.fingerprint == adapter.fingerprint && model.adapterFingerprint == adapter.fingerprint)
        #expect(read.fingerprint.count == 8 && read.fingerprint.allSatisfy { $0.isHexDigit && !$0.isUppercase })
        let data = try SyntheticPairs(count: 240, seed: 22)
        let other = try SyntheticPairs.training.train(data.labeled, prompts: data.prompts, embeddings: data.embeddings)
        #expect(other.adapter?.fingerprint != adapter.fingerprint)
    }

    @Test func aFloorThatIsNoCosineIsRefused() throws {
        var content = try contentBytes(of: model.encoded())
        content.replaceSubrange((content.count - 4)..., with: [0, 0, 0xE0, 0x40])  // 7
        #expect(throws: MatchingError.self) {
            try MatchModel(decoding: WeightFile.sealed(.model, content: content))
        }
    }

    @Test func aFileCutAnywhereIsRefused() {
        for file in [adapter.encoded(), model.encoded()] {
            for count in stride(from: 0, to: file.count, by: max(1, file.count / 97)) {
                #expect(throws: MatchingError.self) { try EmbeddingAdapter(decoding: Array(file[..<count])) }
                #expect(throws: MatchingError.self) { try MatchModel(decoding: Array(file[..<count])) }
            }
        }
    }

    @Test func aFileWithOneByteChangedIsRefused() {
        let file = model.encoded()
        for position in stride(from: 0, to: file.count, by: max(1, file.count / 97)) {
            var damaged = file
            damaged[position] ^= 0x40
            #expect(throws: MatchingError.self) { try MatchModel(decoding: damaged) }
        }
    }

    @Test func contentThatIsSealedButWrongIsRefused() throws {
        let whole = try contentBytes(of: model.encoded())
        var random = SeededGenerator(seed: 31)
        for _ in 0..<200 {
            var content = whole
            for _ in 0..<4 {
                content[Int.random(in: content.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            // Some changes leave a sound model: then it must be usable.
            if let read = try? MatchModel(decoding: WeightFile.sealed(.model, content: content)) {
                let pair = PromptPair(PromptText("How do I open box 1?"), PromptText("How do I paint box 1?"))
                let probability = read.probability(pair, similarity: 0.9)
                #expect(probability >= 0 && probability <= 1)
            }
        }
        #expect(throws: MatchingError.self) { try MatchModel(decoding: WeightFile.sealed(.model, content: [])) }
        #expect(throws: MatchingError.self) {
            try EmbeddingAdapter(decoding: WeightFile.sealed(.adapter, content: [255, 255, 255, 255, 1, 0, 0, 0]))
        }
    }

    @Test func aFileOfTheOtherKindOrOfALaterVersionIsRefusedAsSuch() {
        var later = adapter.encoded()
        later[8] = 3
        let results: [MatchingError.Code?] = [
            error { try EmbeddingAdapter(decoding: model.encoded()) },
            error { try MatchModel(decoding: adapter.encoded()) },
            error { try EmbeddingAdapter(decoding: later) },
        ]
        #expect(results == [.unsupportedWeights, .unsupportedWeights, .unsupportedWeights])
    }

    private func error(_ body: () throws -> some Any) -> MatchingError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? MatchingError)?.code
        }
    }

    private func contentBytes(of file: [UInt8]) throws -> [UInt8] { Array(file[16..<(file.count - 8)]) }
}
