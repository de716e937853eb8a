package import CacheModel
import NIOCore

extension CacheError {
    /// Whether the sender of this error closes the connection after it: the stream cannot be trusted any more, or whoever
    /// sends it not.
    package var closesConnection: Bool {
        switch code {
        case .malformedFrame, .frameTooLarge, .unsupportedVersion, .unauthenticated: true
        default: false
        }
    }

    /// As it is written: overlong texts cut off, detail in the order of its names.
    private var wireDetail: [(String, String)] {
        detail.sorted { $0.key < $1.key }.prefix(Limits.errorDetailCount).map {
            ($0.key.cut(toBytes: Limits.errorDetailBytes), $0.value.cut(toBytes: Limits.errorDetailBytes))
        }
    }

    var wireBytes: Int {
        2 + message.cut(toBytes: Limits.errorMessageBytes).wireBytes + 2
            + wireDetail.totalBytes { $0.0.wireBytes + $0.1.wireBytes }
    }

    static let minimumWireBytes = 6

    /// Code u16, message, count u16 of details, then name and value of each. Never fails, as every part is cut to its
    /// limit.
    func write(to bytes: inout ByteBuffer) {
        func write(_ string: String) {
            bytes.write(UInt16(clamping: string.utf8.count))
            bytes.writeString(string)
        }
        bytes.write(code.number)
        write(message.cut(toBytes: Limits.errorMessageBytes))
        let detail = wireDetail
        bytes.write(UInt16(clamping: detail.count))
        for (name, value) in detail {
            write(name)
            write(value)
        }
    }
}

extension BodyReader {
    /// A number of a later version reads as `.internalError` with the detail `number`.
    mutating func error() throws(CacheError) -> CacheError {
        let number = try integer(UInt16.self)
        let message = try string("message", in: 0...Limits.errorMessageBytes)
        var detail: [String: String] = [:]
        for _ in 0..<(try count(minimumBytes: 4)) {
            let name = try string("detail", in: 0...Limits.errorDetailBytes)
            let value = try string("detail", in: 0...Limits.errorDetailBytes)
            guard detail.updateValue(value, forKey: name) == nil else { throw malformed("a detail is given twice") }
        }
        guard let code = CacheError.Code(number: number) else {
            detail["number"] = String(number)
            return CacheError(.internalError, message, detail: detail)
        }
        return CacheError(code, message, detail: detail)
    }
}

extension String {
    /// The longest beginning of whole Unicode scalars that fits.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, UTF8.isContinuation(utf8[end]) { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
