internal import Foundation

/// Requests for answers whose popularity follows Zipf's law, of mixed sizes and costs: what a cache of model answers sees.
package struct EvictionTrace {
    package struct Item {
        package var bytes: Int
        package var costNanodollars: UInt64
    }

    /// What is asked for, by number.
    package private(set) var items: [Item] = []
    /// The numbers of the items in the order in which they are asked for.
    package private(set) var requests: [Int] = []

    package struct Shape: Sendable {
        package var items = 4_000
        package var requests = 60_000
        /// The popularity of the item of rank r is r to the power of -exponent.
        package var exponent = 0.9
        /// After as many requests a twentieth of the ranks belong to other items; nil for never.
        package var shiftInterval: Int?
        /// The share of requests that are made once and never again.
        package var onceShare = 0.0

        package init(exponent: Double = 0.9, shiftInterval: Int? = nil, onceShare: Double = 0) {
            self.exponent = exponent
            self.shiftInterval = shiftInterval
            self.onceShare = onceShare
        }
    }

    /// The prices of an output token, in nano-dollars: of small models through large ones.
    private static let tokenPrices: [UInt64] = [400, 2_000, 10_000, 15_000, 75_000]

    package init(_ shape: Shape, seed: UInt64) {
        var random = TraceRandom(seed: seed)
        items = (0..<shape.items).map { _ in Self.item(&random) }
        var cumulative: [Double] = []
        var sum = 0.0
        for rank in 1...shape.items {
            sum += pow(Double(rank), -shape.exponent)
            cumulative.append(sum)
        }
        var byRank = Array(0..<shape.items).shuffled(using: &random)
        for number in 0..<shape.requests {
            if let interval = shape.shiftInterval, number > 0, number % interval == 0 {
                for _ in 0..<shape.items / 40 {
                    byRank.swapAt(
                        Int.random(in: 0..<shape.items, using: &random), Int.random(in: 0..<shape.items, using: &random)
                    )
                }
            }
            if Double.random(in: 0..<1, using: &random) < shape.onceShare {
                requests.append(items.count)
                items.append(Self.item(&random))
                continue
            }
            let point = Double.random(in: 0..<sum, using: &random)
            var low = 0
            var high = cumulative.count - 1
            while low < high {
                let middle = (low + high) / 2
                if cumulative[middle] <= point { low = middle + 1 } else { high = middle }
            }
            requests.append(byRank[low])
        }
    }

    /// 20 through 2,000 tokens, short ones more often, from a model of one of five prices.
    private static func item(_ random: inout TraceRandom) -> Item {
        let tokens = 20 * pow(100, Double.random(in: 0..<1, using: &random))
        let price = tokenPrices[Int.random(in: 0..<tokenPrices.count, using: &random)]
        return Item(bytes: 2_000 + 4 * Int(tokens), costNanodollars: UInt64(tokens) * price)
    }

    package var distinctBytes: Int { items.reduce(0) { $0 + $1.bytes } }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for a seed everywhere.
private struct TraceRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
