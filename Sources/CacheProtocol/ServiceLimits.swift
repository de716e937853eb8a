import CacheModel
import NIOCore

/// The limits of a server that its clients must respect, as the reply to HELLO reports them.
///
/// On the wire they are pairs of a number and a value, so that a later version can add limits: a client ignores numbers
/// that it does not know.
package struct ServiceLimits: Hashable, Sendable {
    package enum Name: UInt16, Hashable, Sendable, CaseIterable {
        case frameBytes = 1
        case batchCount = 2
        case dimension = 3
        case neighbors = 4
        case payloadBytes = 5
        case promptBytes = 6
        case contentTypeBytes = 7
        case dependencyCount = 8
        case tagCount = 9
        case tagBytes = 10
        case sourceBytes = 11
        case labelBytes = 12
        case namedSourceCount = 13
        case namespaceBytes = 14
        case modelBytes = 15
        case requestsInFlight = 16
        case bytesInFlight = 17
        case pingBytes = 18
    }

    private var values: [Name: UInt64]

    /// The limits of this version.
    package static let current = ServiceLimits(
        values: Dictionary(uniqueKeysWithValues: Name.allCases.map { ($0, UInt64($0.currentValue)) }))

    package subscript(name: Name) -> Int {
        get { Int(clamping: values[name] ?? 0) }
        set { values[name] = UInt64(clamping: newValue) }
    }

    static let wireBytes = 2 + Name.allCases.count * 10

    /// Count u16, then number u16 and value u64 of each, in the order of the numbers.
    func write(to bytes: inout ByteBuffer) {
        bytes.write(UInt16(Name.allCases.count))
        for name in Name.allCases {
            bytes.write(name.rawValue)
            bytes.write(values[name] ?? 0)
        }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        values = [:]
        for _ in 0..<(try reader.count(minimumBytes: 10)) {
            let number = try reader.integer(UInt16.self)
            let value = try reader.integer(UInt64.self)
            guard let name = Name(rawValue: number) else { continue }
            guard values.updateValue(value, forKey: name) == nil else {
                throw reader.malformed("a limit is given twice")
            }
        }
        guard values.count == Name.allCases.count else { throw reader.malformed("a limit is missing") }
    }

    private init(values: [Name: UInt64]) { self.values = values }
}

extension ServiceLimits.Name {
    fileprivate var currentValue: Int {
        switch self {
        case .frameBytes: Limits.frameBytes
        case .batchCount: Limits.batchCount
        case .dimension: Limits.dimensionRange.upperBound
        case .neighbors: Limits.neighborsRange.upperBound
        case .payloadBytes: Limits.payloadBytes
        case .promptBytes: Limits.promptBytes
        case .contentTypeBytes: Limits.contentTypeBytes
        case .dependencyCount: Limits.dependencyCount
        case .tagCount: Limits.tagCount
        case .tagBytes: Limits.tagBytes
        case .sourceBytes: Limits.sourceBytes
        case .labelBytes: Limits.labelBytes
        case .namedSourceCount: Limits.namedSourceCount
        case .namespaceBytes: Limits.namespaceBytes
        case .modelBytes: Limits.modelBytes
        case .requestsInFlight: Limits.requestsInFlightPerConnection
        case .bytesInFlight: Limits.bytesInFlightPerConnection
        case .pingBytes: Limits.pingBytes
        }
    }
}
