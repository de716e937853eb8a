/// From values to places on an axis, with round numbers to mark it.
struct ChartScale {
    /// Of values.
    let low: Double
    let high: Double
    /// Where these are drawn.
    let start: Double
    let end: Double

    func place(_ value: Double) -> Double {
        high > low ? start + (value - low) / (high - low) * (end - start) : (start + end) / 2
    }

    /// From zero to the round number above.
    static func upTo(_ value: Double, atLeast least: Double, start: Double, end: Double) -> ChartScale {
        let wanted = max(value, least)
        let step = roundStep(wanted / 4)
        return ChartScale(low: 0, high: (wanted / step - 1e-9).rounded(.up) * step, start: start, end: end)
    }

    /// Round numbers inside, about `count` of them.
    func marks(_ count: Int) -> [Double] {
        let step = Self.roundStep((high - low) / Double(max(1, count)))
        guard step > 0, step.isFinite else { return [low] }
        let first = (low / step - 1e-6).rounded(.up)
        let last = (high / step + 1e-6).rounded(.down)
        guard last - first < 100 else { return [low, high] }
        return stride(from: first, through: last, by: 1).map { $0 * step }
    }

    /// 1, 2 or 5 times a power of ten, at least as much.
    static func roundStep(_ wanted: Double) -> Double {
        guard wanted > 0, wanted.isFinite else { return 1 }
        var power = 1.0
        while power > wanted { power /= 10 }
        while power * 10 <= wanted { power *= 10 }
        let factor = wanted / power
        return power * (factor <= 1 + 1e-9 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10)
    }
}
