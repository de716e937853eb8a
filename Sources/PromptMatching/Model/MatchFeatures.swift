/// What a match model sees of two prompts: the similarity of their embeddings and what their texts share and do not
/// share.
/// The order of the prompts changes nothing.
package struct MatchFeatures: Sendable, Equatable {
    package static let names: [String] = [
        "similarity", "weighted-jaccard", "only-rarity-sum", "only-rarity-max-high", "only-rarity-max-low",
        "shared-rarity-sum", "jaccard", "coverage-low", "coverage-high", "bigram-jaccard", "length-low", "length-high",
        "length-ratio", "content-only-low", "content-only-high", "function-only", "same-first-word",
        "same-question-kind", "odds-sum", "odds-low", "odds-high", "odds-mean", "prefix-share", "suffix-share",
        "inversions", "close-spellings", "names-only-low", "names-only-high", "numbers-only-low", "numbers-only-high",
        "finding-number", "finding-unit", "finding-date", "finding-negation", "finding-entity", "finding-identifier",
        "finding-direction", "finding-count", "shared-rarity-max", "rarest-is-shared", "shared-odds-low",
        "shared-odds-mean", "last-content-shared",
    ]

    /// In the order of `names`.
    package let values: [Float]

    /// - Parameter similarity: cosine of the embeddings as the index compares them: adapted, if there is an adapter.
    package init(_ pair: PromptPair, similarity: Double, weights: WordWeights) {
        let first = pair.first.tokens
        let second = pair.second.tokens
        let sides = [
            Side(tokens: first, only: pair.difference.firstOnly, weights: weights),
            Side(tokens: second, only: pair.difference.secondOnly, weights: weights),
        ]
        var sharedRarity: Float = 0
        var sharedRarityMax: Float = 0
        var sharedOdds: [Float] = []
        for (position, _) in pair.difference.shared {
            let weight = weights.weight(of: first[position].key)
            sharedRarity += weight.rarity
            sharedRarityMax = max(sharedRarityMax, weight.rarity)
            sharedOdds.append(weight.odds)
        }
        let sharedCount = Float(sharedOdds.count)
        func low(_ value: (Side) -> Float) -> Float { min(value(sides[0]), value(sides[1])) }
        func high(_ value: (Side) -> Float) -> Float { max(value(sides[0]), value(sides[1])) }
        let onlyRarity = sides[0].rarity + sides[1].rarity
        let onlyCount = Float(pair.difference.firstOnly.count + pair.difference.secondOnly.count)
        let lengths = [Float(first.count), Float(second.count)]
        let odds = sides[0].odds + sides[1].odds
        let findings = GuardSet.findings(in: pair)
        var values: [Float] = [
            Float(similarity), ratio(sharedRarity, sharedRarity + onlyRarity), onlyRarity, high(\.rarityMax),
            low(\.rarityMax), sharedRarity, ratio(sharedCount, sharedCount + onlyCount),
            low { ratio(sharedRarity, sharedRarity + $0.rarity) },
            high { ratio(sharedRarity, sharedRarity + $0.rarity) },
            Self.bigramJaccard(first, second), min(lengths[0], lengths[1]), max(lengths[0], lengths[1]),
            ratio(min(lengths[0], lengths[1]), max(lengths[0], lengths[1])), low(\.contentCount), high(\.contentCount),
            sides[0].functionCount + sides[1].functionCount, first.first?.key == second.first?.key ? 1 : 0,
            pair.first.question == pair.second.question ? 1 : 0, odds.reduce(0, +), odds.min() ?? 0, odds.max() ?? 0,
            odds.isEmpty ? 0 : odds.reduce(0, +) / Float(odds.count),
        ]
        let prefix = zip(first, second).prefix { $0.key == $1.key }.count
        let suffix = zip(first.reversed(), second.reversed()).prefix { $0.key == $1.key }.count
        values += [ratio(Float(prefix), lengths.max() ?? 0), ratio(Float(suffix), lengths.max() ?? 0)]
        values += [Self.inversions(pair.difference), Self.closeSpellings(pair)]
        let names = [pair.first.names.count, pair.second.names.count]
        let numbers = [pair.first.quantities.count, pair.second.quantities.count]
        values += [names.min() ?? 0, names.max() ?? 0, numbers.min() ?? 0, numbers.max() ?? 0].map(Float.init)
        values += Guard.allCases.map { source in findings.contains { $0.source == source } ? 1 : 0 }
        values += [
            Float(findings.count), sharedRarityMax, sharedRarityMax - high(\.rarityMax), sharedOdds.min() ?? 0,
            ratio(sharedOdds.reduce(0, +), sharedCount), Self.lastContentShared(pair),
        ]
        self.values = values
    }

    /// What one prompt has and the other lacks.
    private struct Side {
        var rarity: Float = 0
        var rarityMax: Float = 0
        var contentCount: Float = 0
        var functionCount: Float = 0
        var odds: [Float] = []

        init(tokens: [Token], only: [Int], weights: WordWeights) {
            for position in only {
                let weight = weights.weight(of: tokens[position].key)
                rarity += weight.rarity
                rarityMax = max(rarityMax, weight.rarity)
                odds.append(weight.odds)
                if tokens[position].isFunctionWord { functionCount += 1 } else { contentCount += 1 }
            }
        }
    }

    private static func bigramJaccard(_ first: [Token], _ second: [Token]) -> Float {
        func bigrams(_ tokens: [Token]) -> Set<UInt64> {
            Set(zip(tokens, tokens.dropFirst()).map { ($0.key &* 0x9E37_79B9_7F4A_7C15) ^ $1.key })
        }
        let left = bigrams(first)
        let right = bigrams(second)
        let shared = left.count { right.contains($0) }
        return ratio(Float(shared), Float(left.count + right.count - shared))
    }

    /// Of the last words with a meaning of their own in both prompts, how many the other prompt has, too: 0, 1 or 2.
    private static func lastContentShared(_ pair: PromptPair) -> Float {
        func isShared(_ prompt: PromptText, _ only: [Int]) -> Bool {
            guard let last = prompt.tokens.lastIndex(where: { !$0.isFunctionWord }) else { return false }
            return !only.contains(last)
        }
        return (isShared(pair.first, pair.difference.firstOnly) ? 1 : 0)
            + (isShared(pair.second, pair.difference.secondOnly) ? 1 : 0)
    }

    /// Share of neighboring shared words whose order is reversed.
    private static func inversions(_ difference: PromptDifference) -> Float {
        let unique = difference.unique
        let reversed = zip(unique, unique.dropFirst()).count { $0.second > $1.second }
        return ratio(Float(reversed), Float(max(unique.count - 1, 0)))
    }

    /// Words of one prompt only that are nearly spelled like one of the other's.
    private static func closeSpellings(_ pair: PromptPair) -> Float {
        guard pair.difference.firstOnly.count <= 16, pair.difference.secondOnly.count <= 16 else { return 0 }
        return Float(
            pair.difference.firstOnly.count { position in
                let token = pair.first.tokens[position]
                return !token.isFunctionWord
                    && pair.difference.secondOnly.contains { other in
                        EditDistance.isTypo(token.stem, pair.second.tokens[other].stem)
                    }
            })
    }
}

/// 0 where the whole is nothing.
private func ratio(_ part: Float, _ whole: Float) -> Float { whole > 0 ? part / whole : 0 }
