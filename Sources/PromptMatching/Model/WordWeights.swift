#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is known of single words from training: how rare each is, and how often two prompts that differ in it ask the
/// same.
package struct WordWeights: Sendable, Equatable {
    struct Weight: Sendable, Equatable {
        /// Of the inverse document frequency, in steps of `rarityStep`.
        var rarity: UInt8
        /// Log-odds that pairs ask the same although one of them lacks the word, beyond those of any pair; in steps of
        /// `oddsStep`.
        var odds: Int8
    }

    static let rarityStep: Float = 1.0 / 16
    static let oddsStep: Float = 1.0 / 32

    /// By the upper half of `Token.key`.
    let table: [UInt32: Weight]
    /// Of a word that is not in the table, natural logarithm.
    let unknownRarity: Float

    init(table: [UInt32: Weight], unknownRarity: Float) {
        self.table = table
        self.unknownRarity = unknownRarity
    }

    static func slot(_ key: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: key >> 32) }

    func weight(of key: UInt64) -> (rarity: Float, odds: Float) {
        guard let weight = table[Self.slot(key)] else { return (unknownRarity, 0) }
        return (Float(weight.rarity) * Self.rarityStep, Float(weight.odds) * Self.oddsStep)
    }

    /// Counted over the texts and the differences of training pairs. Words of fewer than three texts are left out.
    ///
    /// - Parameter pairs: each with how much it counts.
    init(training pairs: [(pair: PromptPair, isSame: Bool, weight: Double)]) {
        var documents: [UInt32: (count: Int, weight: Double)] = [:]
        var differing: [UInt32: (same: Double, other: Double)] = [:]
        var textCount = 0.0
        var sameCount = 0.0
        for (pair, isSame, weight) in pairs {
            if isSame { sameCount += weight }
            for text in [pair.first, pair.second] {
                textCount += weight
                for slot in Set(text.tokens.map { Self.slot($0.key) }) {
                    let known = documents[slot] ?? (0, 0)
                    documents[slot] = (known.count + 1, known.weight + weight)
                }
            }
            let only =
                pair.difference.firstOnly.map { pair.first.tokens[$0].key }
                + pair.difference.secondOnly.map { pair.second.tokens[$0].key }
            for slot in Set(only.map(Self.slot)) {
                if isSame {
                    differing[slot, default: (0, 0)].same += weight
                } else {
                    differing[slot, default: (0, 0)].other += weight
                }
            }
        }
        let share = min(max(2 * sameCount / max(textCount, 1), 0.01), 0.99)
        var table: [UInt32: Weight] = [:]
        for (slot, texts) in documents where texts.count >= 3 {
            let rarity = log((textCount + 1) / (texts.weight + 1))
            let counts = differing[slot] ?? (0, 0)
            // Ten pairs of the average kind are added, so that few pairs say little.
            let odds =
                log((counts.same + 10 * share) / (counts.other + 10 * (1 - share)))
                - log(share / (1 - share))
            table[slot] = Weight(
                rarity: UInt8(min(max(rarity / Double(Self.rarityStep), 0), 255)),
                odds: Int8(min(max(odds / Double(Self.oddsStep), -127), 127)))
        }
        self.table = table
        unknownRarity = Float(log((textCount + 1) / 2))
    }
}
