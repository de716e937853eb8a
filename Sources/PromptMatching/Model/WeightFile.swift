/// The form of files of weights, version 2. All numbers little-endian:
///
///     8 bytes   "SEMMATCH"
///     u16       version: 2
///     u16       kind: 1 for an adapter, 2 for a match model
///     u32       bytes of the content
///     …         the content, as `EmbeddingAdapter+Coding` and `MatchModel+Coding` say
///     u64       FNV-1a of everything before
///
/// The checksum finds damage, not forgery.
enum WeightFile {
    enum Kind: UInt16 {
        case adapter = 1
        case model = 2
    }

    static let magic = Array("SEMMATCH".utf8)
    static let version: UInt16 = 2
    /// Far above any file that training makes.
    static let contentLimit = 64 << 20

    static func sealed(_ kind: Kind, content: [UInt8]) -> [UInt8] {
        var writer = WeightWriter()
        writer.bytes = magic
        writer.write(version)
        writer.write(kind.rawValue)
        writer.write(UInt32(content.count))
        writer.bytes += content
        writer.write(checksum(writer.bytes[...]))
        return writer.bytes
    }

    static func content(of file: [UInt8], kind: Kind) throws(MatchingError) -> WeightReader {
        guard file.starts(with: magic) else {
            throw MatchingError(.damagedWeights, "this is not a file of matching weights")
        }
        var reader = WeightReader(file[magic.count...])
        let version: UInt16 = try reader.read()
        let number: UInt16 = try reader.read()
        guard version == Self.version else {
            throw MatchingError(.unsupportedWeights, "the weights are of version \(version), not \(Self.version)")
        }
        guard number == kind.rawValue else {
            throw MatchingError(.unsupportedWeights, "the weights are of kind \(number), not \(kind.rawValue)")
        }
        let count = Int(try reader.read(UInt32.self))
        guard count <= contentLimit, reader.remaining == count + 8 else {
            throw MatchingError(.damagedWeights, "the file does not have the length that it names")
        }
        var tail = WeightReader(file[(file.count - 8)...])
        guard try tail.read(UInt64.self) == checksum(file[..<(file.count - 8)]) else {
            throw MatchingError(.damagedWeights, "the file does not match its checksum")
        }
        return WeightReader(file[(file.count - 8 - count)..<(file.count - 8)])
    }

    /// The checksum of a sealed file, folded to eight hexadecimal digits.
    static func fingerprint(of file: [UInt8]) -> String {
        let sum = file.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let digits = String(UInt32(truncatingIfNeeded: sum ^ (sum >> 32)), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

struct WeightWriter {
    var bytes: [UInt8] = []

    mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ value: Float) { write(value.bitPattern) }
    mutating func write(_ value: Double) { write(value.bitPattern) }
}

/// Every read checks what is left.
struct WeightReader {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var remaining: Int { bytes.count }

    mutating func read<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(MatchingError) -> Value {
        let size = MemoryLayout<Value>.size
        guard bytes.count >= size else { throw Self.damaged }
        let value = bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(as: Value.self)) }
        bytes.removeFirst(size)
        return value
    }

    /// Finite.
    mutating func readFloat() throws(MatchingError) -> Float {
        let value = Float(bitPattern: try read())
        guard value.isFinite else { throw Self.damaged }
        return value
    }

    /// Finite.
    mutating func readDouble() throws(MatchingError) -> Double {
        let value = Double(bitPattern: try read())
        guard value.isFinite else { throw Self.damaged }
        return value
    }

    /// - Throws: unless `count` items of `size` bytes are left.
    func check(_ count: Int, size: Int) throws(MatchingError) {
        guard count >= 0, count <= bytes.count / size else { throw Self.damaged }
    }

    func checkEnd() throws(MatchingError) {
        guard bytes.isEmpty else { throw Self.damaged }
    }

    static var damaged: MatchingError { MatchingError(.damagedWeights, "the content of the file is not of its form") }
}
