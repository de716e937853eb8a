internal import CacheModel

/// Data versions in records: one byte for the kind, then what that kind has.
extension RecordWriter {
    mutating func append(_ version: DataVersion) {
        switch version {
        case .unnamed:
            append(UInt8(0))
        case .ordered(let number, let generation):
            append(UInt8(1))
            append(number)
            append(generation.incarnation)
            append(generation.sequence)
        case .labelled(let label):
            append(UInt8(2))
            append(short: label)
        }
    }
}

extension RecordReader {
    mutating func readDataVersion() throws(CacheError) -> DataVersion {
        switch try read(UInt8.self) {
        case 0:
            return .unnamed
        case 1:
            let number: UInt64 = try read()
            let incarnation: UInt64 = try read()
            return .ordered(number, generation: Generation(incarnation: incarnation, sequence: try read()))
        case 2:
            return .labelled(try readShortText())
        default:
            throw Self.damaged
        }
    }
}
