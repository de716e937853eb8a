internal import CEncoderKernels

/// Memory for one encoding at a time, kept from one to the next. One for each thread that encodes.
package final class EncoderScratch {
    /// Rows that pass through the inner layers together: what they need stays in the second cache.
    static let blockRows = 96
    /// Queries of one text that are compared with its keys together.
    static let queryRows = 48

    /// Strides in floats. Rows lie a little apart, since those of a power of two would take each other's place in the
    /// first cache.
    struct Layout {
        var hidden: Int
        var attentionInput: Int
        var intermediate: Int
        var narrow: Int
        var scores: Int

        init(configuration: EncoderConfiguration, longest: Int) {
            let lanes = EncoderLimits.componentMultiple
            hidden = configuration.hiddenSize + lanes
            attentionInput = 3 * configuration.hiddenSize + lanes
            intermediate = configuration.intermediateSize + lanes
            // Pairs of bfloat16 in the place of one float.
            narrow =
                (max(configuration.hiddenSize, configuration.intermediateSize) / 2 + lanes - 1) / lanes * lanes
                + lanes
            scores = (longest + lanes - 1) / lanes * lanes + lanes
        }
    }

    private(set) var hidden = FloatMemory(count: 0)
    private(set) var attentionInput = FloatMemory(count: 0)
    private(set) var context = FloatMemory(count: 0)
    private(set) var intermediate = FloatMemory(count: 0)
    private(set) var narrow = FloatMemory(count: 0)
    private(set) var keys = FloatMemory(count: 0)
    private(set) var scores = FloatMemory(count: 0)
    private(set) var pooled = FloatMemory(count: 0)

    package init() {}

    /// Room for `tokenCount` tokens, the longest text with `longest` of them.
    func reserve(configuration: EncoderConfiguration, tokenCount: Int, longest: Int) -> Layout {
        let layout = Layout(configuration: configuration, longest: longest)
        let lanes = EncoderLimits.componentMultiple
        Self.grow(&hidden, tokenCount * layout.hidden)
        Self.grow(&attentionInput, tokenCount * layout.attentionInput)
        Self.grow(&context, tokenCount * layout.hidden)
        Self.grow(&intermediate, Self.blockRows * layout.intermediate)
        Self.grow(&narrow, Self.blockRows * layout.narrow)
        Self.grow(&keys, (longest + lanes - 1) / lanes * lanes * configuration.headSize)
        Self.grow(&scores, Self.queryRows * layout.scores)
        Self.grow(&pooled, configuration.hiddenSize)
        return layout
    }

    private static func grow(_ memory: inout FloatMemory, _ count: Int) {
        if memory.count < count { memory = FloatMemory(count: max(count, 3 * memory.count / 2)) }
    }
}
