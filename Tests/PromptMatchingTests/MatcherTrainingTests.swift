import Testing

@testable import PromptMatching

@Suite struct MatcherTrainingTests {
    @Test func theSameSeedGivesTheSameWeights() throws {
        let data = try SyntheticPairs(count: 240, seed: 7)
        let first = try SyntheticPairs.training.train(data.labeled, prompts: data.prompts, embeddings: data.embeddings)
        let second = try SyntheticPairs.training.train(data.labeled, prompts: data.prompts, embeddings: data.embeddings)
        #expect(first.adapter == second.adapter)
        #expect(first.model == second.model)
    }

    @Test func anAdapterLearnsADirectionThatTheCosineDoesNotKnow() throws {
        let seen = try SyntheticPairs(count: 600, seed: 1)
        let unseen = try SyntheticPairs(count: 300, seed: 2)
        var training = EmbeddingAdapterTraining()
        training.hiddenCount = 16
        training.dropout = 0
        training.epochCount = 30
        training.learningRate = 3e-3
        let adapter = try training.train(seen.labeled.pairs, embeddings: seen.embeddings)
        func area(_ adapter: EmbeddingAdapter?) -> Double {
            RankingReport(
                scores: unseen.labeled.pairs.map { MatcherTraining.similarity($0, unseen.embeddings, adapter) },
                labels: unseen.labeled.pairs.map(\.isSame)
            ).area
        }
        #expect(area(adapter) > area(nil) + 0.02, "\(area(nil)) → \(area(adapter))")
    }

    @Test func tooFewPairsAreRefused() throws {
        let data = try SyntheticPairs(count: 40, seed: 3)
        #expect(throws: MatchingError.self) {
            try SyntheticPairs.training.train(data.labeled, prompts: data.prompts, embeddings: data.embeddings)
        }
    }

    @Test func pairsThatAllHangTogetherAreRefusedByASentenceThatSaysSo() throws {
        let data = try SyntheticPairs(count: 240, seed: 4)
        // Each text is paired with the next one: there is no way to cut them apart.
        let pairs = data.labeled.texts.indices.dropFirst().map {
            LabeledPairs.Pair(first: $0 - 1, second: $0, isSame: $0 % 2 == 0)
        }
        let chain = try LabeledPairs(texts: data.labeled.texts, pairs: pairs)
        #expect {
            try SyntheticPairs.training.train(chain, prompts: data.prompts, embeddings: data.embeddings)
        } throws: {
            let error = $0 as? MatchingError
            return error?.code == .tooFewPairs && error?.message.contains("hang together") == true
        }
    }

    @Test func progressGoesForwardFromNothingToAll() throws {
        let data = try SyntheticPairs(count: 240, seed: 5)
        var shares: [Double] = []
        _ = try SyntheticPairs.training.train(data.labeled, prompts: data.prompts, embeddings: data.embeddings) {
            shares.append($0)
        }
        #expect(shares.last == 1 && shares == shares.sorted() && shares.count > 3)
    }

    @Test func wherePairsContradictEachOtherTheOneThatCountsMoreDecides() {
        var boosting = TreeBoosting()
        boosting.treeCount = 30
        boosting.leafMinimum = 10
        boosting.learningRate = 0.3
        // Each row stands there with both labels; which of them counts ten times hangs on its feature.
        let rows = (0..<400).map { [Float($0 / 2)] }
        let labels = (0..<400).map { $0 % 2 == 0 }
        let weights = (0..<400).map { index -> Float in labels[index] == (index < 200) ? 10 : 1 }
        let (trees, bias) = boosting.train(rows, labels: labels, weights: weights)
        func score(_ value: Float) -> Float { trees.reduce(bias) { $0 + $1.value(of: [value]) } }
        #expect(score(10) > 1 && score(190) < -1, "\(score(10)), \(score(190))")
    }

    @Test func pairsThatShareAQuestionAreNeverParted() throws {
        let texts = (0..<40).map { "question \($0 % 35)" }
        var random = SeededGenerator(seed: 11)
        let pairs = (0..<60).map { _ in
            LabeledPairs.Pair(
                first: Int.random(in: 0..<40, using: &random), second: Int.random(in: 0..<40, using: &random),
                isSame: false)
        }
        let folds = QuestionSplit(try LabeledPairs(texts: texts, pairs: pairs)).folds(4, seed: 9)
        var foldOfText: [String: Int] = [:]
        for (pair, fold) in zip(pairs, folds) {
            for text in [texts[pair.first], texts[pair.second]] {
                #expect(foldOfText[text] == nil || foldOfText[text] == fold)
                foldOfText[text] = fold
            }
        }
    }

    @Test func aPairsFileCarriesTextsOrNamesThem() throws {
        let named = try LabeledPairs(csv: "row_a,row_b,same_meaning\n0,1,1\r\n1,2,0\n", texts: ["a", "b", "c"])
        #expect(named.pairs.map(\.isSame) == [true, false])
        let carried = try LabeledPairs(
            csv: "prompt_a,prompt_b,same_meaning\n\"Hi, \"\"you\"\"\",b,1\nb,\"two\nlines\",0\n")
        #expect(carried.texts == ["Hi, \"you\"", "b", "two\nlines"])
        #expect(carried.pairs[1] == LabeledPairs.Pair(first: 1, second: 2, isSame: false))
    }

    @Test(arguments: [
        "", "a,b,c\n", "row_a,row_b,same_meaning\n0,9,1\n", "row_a,row_b,same_meaning\n0,-1,1\n",
        "row_a,row_b,same_meaning\n0,1\n", "row_a,row_b,same_meaning\n0,1,yes\n", "row_a,row_b,same_meaning\nx,1,1\n",
    ])
    func aPairsFileOfAnotherFormIsRefused(_ csv: String) {
        #expect(throws: MatchingError.self) { try LabeledPairs(csv: csv, texts: ["a", "b"]) }
    }
}
