import Foundation
import Testing

@testable import TextEmbedding

@Suite struct SentenceEncoderTests {
    /// Lengths around the tile sizes of the kernels and the lanes of their sums.
    private static let counts = [2, 3, 7, 15, 16, 17, 24]

    @Test(arguments: EncoderKernels.supported.map(\.name))
    func anEmbeddingIsThatOfTheFormulas(_ name: String) throws {
        let model = try TinyModel()
        let encoder = try model.encoder(EncoderKernels(environment: ["SEMBLANCE_KERNEL": name]))
        let texts = model.texts(Self.counts, seed: 2)
        let embeddings = try encoder.encode(texts, scratch: EncoderScratch())
        for (text, embedding) in zip(texts, embeddings) {
            let reference = ReferenceEncoder(model: model).encode(text)
            let worst = zip(embedding, reference).map { abs(Double($0) - $1) }.max() ?? 1
            #expect(worst < 5e-6, "\(text.identifiers.count) tokens")
            let squares = embedding.reduce(0) { $0 + Double($1) * Double($1) }
            #expect(abs(squares - 1) < 1e-6)
        }
    }

    @Test func everyInstructionSetGivesTheSameBits() throws {
        let model = try TinyModel()
        let texts = model.texts(Self.counts, seed: 3)
        let expected = try model.encoder(EncoderKernels(environment: ["SEMBLANCE_KERNEL": "serial"]))
            .encode(texts, scratch: EncoderScratch())
        for kernels in EncoderKernels.supported {
            let embeddings = try model.encoder(kernels).encode(texts, scratch: EncoderScratch())
            #expect(embeddings == expected, "\(kernels.name)")
        }
    }

    /// The cache compares an embedding with stored ones, so it must not depend on who else asked at that moment.
    @Test(arguments: EncoderPrecision.allCases)
    func anEmbeddingHasTheSameBitsInWhateverBatchItIsMade(_ precision: EncoderPrecision) throws {
        let model = try TinyModel()
        var random = SeededGenerator(seed: 4)
        let counts = (0..<140).map { _ in Int.random(in: 2...24, using: &random) }
        let texts = model.texts(counts, seed: 5)
        for kernels in EncoderKernels.supported where kernels.supports(precision) {
            let encoder = try model.encoder(kernels, precision: precision)
            let scratch = EncoderScratch()
            let alone = try texts.map { try encoder.encode([$0], scratch: EncoderScratch())[0] }
            #expect(try encoder.encode(texts, scratch: scratch) == alone, "\(kernels.name), all together")
            var order = Array(texts.indices)
            for _ in 0..<4 {
                order.shuffle(using: &random)
                let some = Array(order.prefix(Int.random(in: 1...60, using: &random)))
                let embeddings = try encoder.encode(some.map { texts[$0] }, scratch: scratch)
                #expect(embeddings == some.map { alone[$0] }, "\(kernels.name), \(some.count) in another order")
            }
        }
    }

    /// More tokens than are encoded at once are divided between texts.
    @Test func aBatchBeyondTheTokensOfOnePassIsDivided() throws {
        let model = try TinyModel()
        let encoder = try model.encoder()
        let text = model.texts([24], seed: 6)[0]
        let count = EncoderLimits.passTokens / 24 + 2
        let embeddings = try encoder.encode(Array(repeating: text, count: count), scratch: EncoderScratch())
        #expect(embeddings.count == count)
        #expect(Set(embeddings).count == 1)
        #expect(try encoder.encode([TokenSequence](), scratch: EncoderScratch()).isEmpty)
    }

    @Test func reducedPrecisionStaysNear() throws {
        let model = try TinyModel()
        let texts = model.texts(Self.counts, seed: 7)
        for kernels in EncoderKernels.supported where kernels.supports(.bfloat16) {
            let embeddings = try model.encoder(kernels, precision: .bfloat16).encode(texts, scratch: EncoderScratch())
            for (text, embedding) in zip(texts, embeddings) {
                let cosine = cosine(embedding, ReferenceEncoder(model: model).encode(text))
                // Random weights have no slack for roundings as trained ones have.
                #expect(cosine > 0.998 && cosine < 0.9999999, "\(kernels.name), \(cosine)")
            }
        }
    }

    @Test func aTextIsTokenizedEncodedAndItsTruncationTold() throws {
        let encoder = try TinyModel().encoder()
        let texts = ["How do I reset my password?", "", String(repeating: "run! ", count: 40)]
        let encodings = try encoder.encode(texts, scratch: EncoderScratch())
        #expect(encodings.map(\.tokenCount) == [9, 2, 24])
        #expect(encodings.map(\.isTruncated) == [false, false, true])
        let expected = try encoder.encode(
            [TokenSequence(identifiers: [2, 5, 6, 7, 8, 9, 10, 11, 3])], scratch: EncoderScratch())
        #expect(encodings[0].embedding == expected[0])
    }

    @Test func tokensOfAnotherModelAreRefused() throws {
        let encoder = try TinyModel().encoder()
        let vocabulary = Int32(TinyModel.words.count)
        for identifiers in [[], [2, -1, 3], [2, vocabulary, 3], Array(repeating: Int32(5), count: 25)] {
            let error = #expect(throws: EmbeddingError.self) {
                try encoder.encode([TokenSequence(identifiers: identifiers)], scratch: EncoderScratch())
            }
            #expect(error?.code == .invalidTokens)
        }
    }

    @Test func weightsThatGiveNoFiniteEmbeddingAreToldWhenUsed() throws {
        let model = try TinyModel()
        var data = try model.weights()
        var infinity = Float.infinity
        withUnsafeBytes(of: &infinity) { data.replaceSubrange(data.count - 4..<data.count, with: $0) }
        try model.write("model.safetensors", data)
        let encoder = try model.encoder()
        let error = #expect(throws: EmbeddingError.self) { try encoder.encode(["run"], scratch: EncoderScratch()) }
        #expect(error?.code == .notFinite)
    }

    @Test func weightsMayStandUnderTheNameOfTheirArchitecture() throws {
        let model = try TinyModel(prefix: "bert.")
        let text = model.texts([9], seed: 8)[0]
        let embedding = try model.encoder().encode([text], scratch: EncoderScratch())[0]
        #expect(cosine(embedding, ReferenceEncoder(model: model, prefix: "bert.").encode(text)) > 0.999999)
    }
}
