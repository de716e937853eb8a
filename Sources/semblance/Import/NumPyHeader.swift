import CacheModel

/// The header of an `.npy` file of versions 1 through 3, read strictly.
///
///     "\x93NUMPY", major, minor, length of what follows (u16 or u32, little-endian),
///     {'descr': '<f4', 'fortran_order': False, 'shape': (205, 384), }
///
/// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NumPyHeader: Hashable, Sendable {
    enum Scalar: String, Sendable, CaseIterable {
        case float16 = "<f2"
        case float32 = "<f4"
        case float64 = "<f8"

        var bytes: Int {
            switch self {
            case .float16: 2
            case .float32: 4
            case .float64: 8
            }
        }
    }

    var scalar: Scalar
    var rowCount: Int
    var dimension: Int
    /// Where the first row begins.
    var dataOffset: Int

    var rowBytes: Int { dimension * scalar.bytes }

    /// More than NumPy itself ever writes for two dimensions.
    static let limitBytes = 64 << 10
    /// What has to be read to know how long the header is.
    static let prefixBytes = 12

    /// - Parameters:
    ///   - prefix: the first `prefixBytes` bytes of the file, fewer if it has fewer.
    ///   - path: for messages.
    /// - Returns: where the dictionary begins, and its length.
    static func dictionary(_ prefix: [UInt8], path: String) throws(CacheError) -> (offset: Int, count: Int) {
        let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
        guard prefix.count >= prefixBytes, prefix.starts(with: magic) else {
            throw invalid(path, "it does not begin as an .npy file does")
        }
        let (offset, count): (Int, Int)
        switch prefix[6] {
        case 1: (offset, count) = (10, Int(prefix[8]) | Int(prefix[9]) << 8)
        case 2, 3:
            count = (0..<4).reduce(0) { $0 | Int(prefix[8 + $1]) << (8 * $1) }
            offset = 12
        default:
            throw invalid(path, "version \(prefix[6]).\(prefix[7]) of the format is not known here; 1, 2 and 3 are")
        }
        guard count <= limitBytes else { throw invalid(path, "its header of \(count) bytes is too long") }
        return (offset, count)
    }

    /// - Parameters:
    ///   - dictionary: the text that follows the header's length.
    ///   - dataOffset: where it ends.
    ///   - fileBytes: the size of the whole file.
    init(_ dictionary: [UInt8], dataOffset: Int, fileBytes: Int, path: String) throws(CacheError) {
        var literal = PythonLiteral(dictionary)
        guard let fields = literal.dictionary() else { throw Self.invalid(path, "its header cannot be read") }
        guard case .text(let descr)? = fields["descr"], case .flag(let isFortran)? = fields["fortran_order"],
            case .shape(let shape)? = fields["shape"], fields.count == 3
        else { throw Self.invalid(path, "its header does not have exactly descr, fortran_order and shape") }
        guard let scalar = Scalar(rawValue: descr) else {
            let reason =
                descr.hasPrefix(">")
                ? "its numbers are big-endian ('\(descr)')" : "its numbers are '\(descr)'"
            throw Self.invalid(path, "\(reason); float16, float32 and float64 in little-endian order are read")
        }
        guard !isFortran else {
            throw Self.invalid(path, "it is in Fortran order; save it with numpy.ascontiguousarray")
        }
        guard shape.count == 2 else {
            throw Self.invalid(
                path, "it has \(NumberText.count(shape.count, "dimension", "dimensions")) and not 2: rows of vectors")
        }
        guard Limits.dimensionRange.contains(shape[1]) else {
            throw Self.invalid(path, "its vectors have \(shape[1]) components; 1 through 4096 are taken")
        }
        let (dataBytes, overflow) = shape[0].multipliedReportingOverflow(by: shape[1] * scalar.bytes)
        guard !overflow, dataBytes == fileBytes - dataOffset else {
            throw Self.invalid(
                path,
                "it has \(max(0, fileBytes - dataOffset)) bytes of numbers, which is not what its shape "
                    + "(\(shape[0]), \(shape[1])) of '\(descr)' takes")
        }
        self.scalar = scalar
        (rowCount, dimension) = (shape[0], shape[1])
        self.dataOffset = dataOffset
    }

    private static func invalid(_ path: String, _ reason: String) -> CacheError {
        CacheError(.invalidArgument, "\(path) cannot be imported: \(reason)", detail: ["path": path])
    }
}

/// As much of Python's literals as the header of an `.npy` file has.
private struct PythonLiteral {
    enum Value {
        case text(String)
        case flag(Bool)
        case shape([Int])
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// - Returns: nil for anything but a dictionary, followed by spaces.
    mutating func dictionary() -> [String: Value]? {
        guard take("{") else { return nil }
        var fields: [String: Value] = [:]
        while !take("}") {
            guard let name = text(), fields[name] == nil, take(":"), let value = value() else { return nil }
            fields[name] = value
            if !take(",") {
                guard take("}") else { return nil }
                break
            }
        }
        skipSpaces()
        return rest.isEmpty ? fields : nil
    }

    private mutating func value() -> Value? {
        if word("True") { return .flag(true) }
        if word("False") { return .flag(false) }
        if let text = text() { return .text(text) }
        return shape().map { .shape($0) }
    }

    /// Characters other than quotation marks and backslashes between two quotation marks.
    private mutating func text() -> String? {
        skipSpaces()
        guard let mark = rest.first, mark == UInt8(ascii: "'") || mark == UInt8(ascii: "\"") else { return nil }
        guard let end = rest.dropFirst().firstIndex(of: mark) else { return nil }
        let bytes = rest[rest.index(after: rest.startIndex)..<end]
        guard !bytes.contains(UInt8(ascii: "\\")) else { return nil }
        rest = rest[(end + 1)...]
        return String(validating: bytes, as: UTF8.self)
    }

    private mutating func shape() -> [Int]? {
        guard take("(") else { return nil }
        var shape: [Int] = []
        while !take(")") {
            skipSpaces()
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            // More dimensions than NumPy knows would only cost memory.
            guard shape.count < 32, let count = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            rest = rest.dropFirst(digits.count)
            shape.append(count)
            if !take(",") {
                guard take(")") else { return nil }
                break
            }
        }
        return shape
    }

    private mutating func skipSpaces() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func word(_ word: String) -> Bool {
        skipSpaces()
        guard rest.starts(with: word.utf8) else { return false }
        rest = rest.dropFirst(word.utf8.count)
        return true
    }
}
