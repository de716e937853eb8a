/// The text of JSON strings: with its escapes taken out, and put in.
enum JSONString {
    /// The UTF-8 that a string stands for.
    ///
    /// - Parameter content: without quotes, and already found right by the parser.
    static func decode(_ content: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        var position = 0
        while position < content.count {
            let plain = position
            while position < content.count, content[position] != UInt8(ascii: "\\") { position += 1 }
            text += UnsafeBufferPointer(rebasing: content[plain..<position])
            guard position + 1 < content.count else { break }
            position += 2
            switch content[position - 1] {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0c)
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "r"): text.append(0x0d)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = UInt32(codeUnit(content, at: position))
                position += 4
                if scalar & 0xfc00 == 0xd800 {
                    scalar = 0x1_0000 + (scalar & 0x3ff) << 10 + UInt32(codeUnit(content, at: position + 2)) & 0x3ff
                    position += 6
                }
                append(scalar, to: &text)
            case let plain: text.append(plain)
            }
        }
        return text
    }

    private static func codeUnit(_ content: UnsafeBufferPointer<UInt8>, at position: Int) -> UInt16 {
        var unit: UInt16 = 0
        for index in position..<position + 4 where index < content.count {
            unit = unit << 4 | (hexadecimalDigit(content[index]) ?? 0)
        }
        return unit
    }

    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        let encoded = Unicode.Scalar(scalar).flatMap(UTF8.encode) ?? UTF8.encodedReplacementCharacter
        text.append(contentsOf: encoded)
    }

    static func hexadecimalDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// Appends a string with its quotes.
    ///
    /// The one form that is written everywhere here: a backslash before quotes and backslashes, `\n` and its like where
    /// there are such, `\u00xx` for other control characters, and nothing else.
    static func append(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var position = 0
        while position < text.count {
            let plain = position
            while position < text.count, !needsEscape(text[position]) { position += 1 }
            bytes += UnsafeBufferPointer(rebasing: text[plain..<position])
            guard position < text.count else { break }
            bytes.append(UInt8(ascii: "\\"))
            let byte = text[position]
            switch byte {
            case 0x08: bytes.append(UInt8(ascii: "b"))
            case 0x09: bytes.append(UInt8(ascii: "t"))
            case 0x0a: bytes.append(UInt8(ascii: "n"))
            case 0x0c: bytes.append(UInt8(ascii: "f"))
            case 0x0d: bytes.append(UInt8(ascii: "r"))
            case 0..<0x20:
                bytes += "u00".utf8
                bytes.append(UInt8(ascii: "0") + byte >> 4)
                bytes.append((byte & 15 < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) + byte & 15)
            default: bytes.append(byte)
            }
            position += 1
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}
