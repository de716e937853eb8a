import CacheEngine
import CacheStorage

/// `--name value` pairs of the command line.
struct Options {
    /// The folder of the store; it must not be there.
    var data = ""
    /// Entries that the store is limited to.
    var entryCount = 100_000
    var dimension = 384
    /// Of the smallest and of the largest payload; between them small ones are more frequent, as of a logarithm.
    var payloadBytes = 1_024...1_024
    var batchCount = 256
    /// Batches on their way at once.
    var batchesInFlight = 8
    /// How many times as many entries are inserted into the full store.
    var rounds = 5
    var order = EvictionOrder.value
    var durability = Durability.sync

    struct Usage: Error, CustomStringConvertible {
        let description: String
    }

    init(_ arguments: ArraySlice<String>) throws {
        var arguments = arguments
        while let name = arguments.popFirst() {
            guard let value = arguments.popFirst() else { throw Usage(description: "\(name) needs a value") }
            func number() throws -> Int {
                guard let number = Int(value), number > 0 else {
                    throw Usage(description: "\(name) \(value) is not a number above 0")
                }
                return number
            }
            switch name {
            case "--data": data = value
            case "--entries": entryCount = try number()
            case "--dimension": dimension = try number()
            case "--payload":
                let ends = value.split(separator: "-").compactMap { Int($0) }
                guard let least = ends.first, let most = ends.last, least > 0, least <= most else {
                    throw Usage(description: "--payload \(value) is not a size, or two as in 200-20000")
                }
                payloadBytes = least...most
            case "--batch": batchCount = try number()
            case "--in-flight": batchesInFlight = try number()
            case "--rounds": rounds = try number()
            case "--eviction":
                guard let order = EvictionOrder(rawValue: value) else { throw Usage(description: "value or lru") }
                self.order = order
            case "--durability":
                guard let durability = Durability(rawValue: value) else { throw Usage(description: "sync or relaxed") }
                self.durability = durability
            default: throw Usage(description: "\(name) is not an option")
            }
        }
        guard !data.isEmpty else { throw Usage(description: "--data names the folder of the store") }
    }
}
