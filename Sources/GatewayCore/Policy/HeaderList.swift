/// Lists in headers and settings, taken apart byte by byte: a comma ends an element whatever letters are around it.
enum HeaderList {
    /// What stands between commas, without spaces around; what is empty is left out.
    static func elements(_ text: some StringProtocol, separator: UInt8 = UInt8(ascii: ",")) -> [Substring] {
        Substring(text).utf8.split(separator: separator).map { trimmed(Substring($0)) }.filter { !$0.isEmpty }
    }

    /// What stands before and after the first separator; the second is nil without one.
    static func halves(_ text: Substring, at separator: UInt8) -> (Substring, Substring?) {
        guard let position = text.utf8.firstIndex(of: separator) else { return (text, nil) }
        return (text[..<position], text[text.utf8.index(after: position)...])
    }

    /// Without spaces and tabs at both ends.
    static func trimmed(_ text: Substring) -> Substring {
        var bytes = text.utf8
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return Substring(bytes)
    }
}
