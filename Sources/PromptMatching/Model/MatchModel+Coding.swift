/// The content of a match model's file:
///
///     8 bytes   fingerprint of the adapter whose embeddings the similarity is of, in hexadecimal digits; zeros if none
///     u16       number of features, which must be that of `MatchFeatures`
///     f64 × 2   calibration: slope, offset
///     f32       log-odds before the first tree
///     f32       rarity of an unknown word
///     u32       words; each: u32 slot, u8 rarity, i8 odds; ascending by slot
///     u16       trees; each: u8 nodes, then per node: u8 feature, u8 left child, f32 value
///     u32 × 512 precision table: 256 × same, 256 × other
///     f32 × 256 its floors of similarity, −1 through 1
extension MatchModel {
    package func encoded() -> [UInt8] {
        var writer = WeightWriter()
        writer.bytes += adapterFingerprint.map { Array($0.utf8.prefix(8)) } ?? [UInt8](repeating: 0, count: 8)
        writer.write(UInt16(MatchFeatures.names.count))
        writer.write(calibration.slope)
        writer.write(calibration.offset)
        writer.write(bias)
        writer.write(weights.unknownRarity)
        writer.write(UInt32(weights.table.count))
        for (slot, weight) in weights.table.sorted(by: { $0.key < $1.key }) {
            writer.write(slot)
            writer.write(weight.rarity)
            writer.write(weight.odds)
        }
        writer.write(UInt16(trees.count))
        for tree in trees {
            writer.write(UInt8(tree.nodes.count))
            for node in tree.nodes {
                writer.write(node.feature)
                writer.write(node.left)
                writer.write(node.value)
            }
        }
        for count in precision.same + precision.other { writer.write(count) }
        for floor in precision.floors { writer.write(floor) }
        return WeightFile.sealed(.model, content: writer.bytes)
    }

    package init(decoding file: [UInt8]) throws(MatchingError) {
        var reader = try WeightFile.content(of: file, kind: .model)
        let fingerprint = try Self.readFingerprint(&reader)
        guard Int(try reader.read(UInt16.self)) == MatchFeatures.names.count else {
            throw MatchingError(.unsupportedWeights, "the model reads other features than this program makes")
        }
        let calibration = (slope: try reader.readDouble(), offset: try reader.readDouble())
        let bias = try reader.readFloat()
        let unknownRarity = try reader.readFloat()
        let wordCount = Int(try reader.read(UInt32.self))
        try reader.check(wordCount, size: 6)
        var table: [UInt32: WordWeights.Weight] = [:]
        table.reserveCapacity(wordCount)
        for _ in 0..<wordCount {
            let slot: UInt32 = try reader.read()
            table[slot] = WordWeights.Weight(rarity: try reader.read(), odds: try reader.read())
        }
        var trees: [DecisionTree] = []
        for _ in 0..<Int(try reader.read(UInt16.self)) {
            var nodes: [DecisionTree.Node] = []
            for _ in 0..<Int(try reader.read(UInt8.self)) {
                nodes.append(
                    DecisionTree.Node(
                        feature: try reader.read(), left: try reader.read(), value: try reader.readFloat()))
            }
            let tree = DecisionTree(nodes: nodes)
            guard tree.isSound else { throw WeightReader.damaged }
            trees.append(tree)
        }
        var counts: [[UInt32]] = [[], []]
        for part in 0..<2 {
            for _ in 0..<PrecisionTable.binCount { counts[part].append(try reader.read()) }
        }
        var floors: [Float] = []
        for _ in 0..<PrecisionTable.binCount { floors.append(try reader.readFloat()) }
        guard floors.allSatisfy({ abs($0) <= 1.001 }) else { throw WeightReader.damaged }
        try reader.checkEnd()
        self.init(
            weights: WordWeights(table: table, unknownRarity: unknownRarity), trees: trees, bias: bias,
            calibration: calibration,
            precision: PrecisionTable(same: counts[0], other: counts[1], floors: floors),
            adapterFingerprint: fingerprint)
    }

    private static func readFingerprint(_ reader: inout WeightReader) throws(MatchingError) -> String? {
        var bytes: [UInt8] = []
        for _ in 0..<8 { bytes.append(try reader.read()) }
        guard bytes != [UInt8](repeating: 0, count: 8) else { return nil }
        let digits = Set("0123456789abcdef".utf8)
        guard bytes.allSatisfy(digits.contains) else { throw WeightReader.damaged }
        return String(decoding: bytes, as: UTF8.self)
    }
}
