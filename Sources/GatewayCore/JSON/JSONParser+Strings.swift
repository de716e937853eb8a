extension JSONParser {
    /// Reads a string, checking its escapes and its UTF-8.
    mutating func string() throws(JSONError) {
        let start = position
        var isEscaped = false
        position += 1
        while true {
            skipPlainBytes()
            guard position < input.count else { throw fault(.unexpectedEnd) }
            switch input[position] {
            case UInt8(ascii: "\""):
                position += 1
                try append(.string, from: start, isEscaped: isEscaped)
                return
            case UInt8(ascii: "\\"):
                isEscaped = true
                try escape()
            case 0..<0x20: throw fault(.controlCharacter)
            case 0x80...: try multibyteScalar()
            default: position += 1
            }
        }
    }

    /// Goes to the next byte that is a quote, a backslash, a control character or not ASCII, eight bytes at a time; may
    /// stop up to seven bytes before the end of the input.
    private mutating func skipPlainBytes() {
        guard let base = UnsafeRawPointer(input.baseAddress) else { return }
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        while input.count - position >= 8 {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            // A byte that is zero after the difference, or below 0x20, borrows into its top bit. A borrow can only run
            // into higher bytes, so the lowest mark is always right.
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5c)
            let marks =
                (word | ((word &- ones &* 0x20) & ~word) | ((quote &- ones) & ~quote)
                    | ((backslash &- ones) & ~backslash)) & tops
            guard marks == 0 else {
                position += marks.trailingZeroBitCount / 8
                return
            }
            position += 8
        }
    }

    private mutating func escape() throws(JSONError) {
        let start = position
        guard position + 1 < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
        switch input[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            guard unit & 0xf800 == 0xd800 else { return }
            guard unit < 0xdc00, position < input.count, input[position] == UInt8(ascii: "\\"),
                position + 1 < input.count, input[position + 1] == UInt8(ascii: "u")
            else { throw JSONError(.loneSurrogate, at: start) }
            guard try codeUnit() & 0xfc00 == 0xdc00 else { throw JSONError(.loneSurrogate, at: start) }
        default: throw fault(.invalidEscape)
        }
    }

    /// Reads `\u` and four hexadecimal digits.
    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        guard input.count - position >= 6 else { throw JSONError(.unexpectedEnd, at: input.count) }
        var unit: UInt16 = 0
        for index in position + 2..<position + 6 {
            guard let digit = JSONString.hexadecimalDigit(input[index]) else { throw fault(.invalidEscape) }
            unit = unit << 4 | digit
        }
        position += 6
        return unit
    }

    /// Reads one scalar of two to four bytes, by table 3-7 of the Unicode standard: no overlong forms, no surrogates,
    /// nothing above U+10FFFF.
    private mutating func multibyteScalar() throws(JSONError) {
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xbf
        switch input[position] {
        case 0xc2...0xdf: count = 2
        case 0xe0: (count, second) = (3, 0xa0...0xbf)
        case 0xed: (count, second) = (3, 0x80...0x9f)
        case 0xe1...0xef: count = 3
        case 0xf0: (count, second) = (4, 0x90...0xbf)
        case 0xf1...0xf3: count = 4
        case 0xf4: (count, second) = (4, 0x80...0x8f)
        default: throw fault(.invalidUTF8)
        }
        guard input.count - position >= count else { throw fault(.invalidUTF8) }
        guard second.contains(input[position + 1]) else { throw fault(.invalidUTF8) }
        for index in position + 2..<position + max(count, 2) where input[index] & 0xc0 != 0x80 {
            throw fault(.invalidUTF8)
        }
        position += count
    }

    // MARK: Names

    /// That no two members of an object have the same name, however it is escaped.
    func checkNames(of object: Int) throws(JSONError) {
        var names: [Int] = []
        var isEscaped = false
        var name = object + 1
        while name < nodes.count {
            names.append(name)
            isEscaped = isEscaped || nodes[name].isEscaped
            name = Int(nodes[name + 1].next)
        }
        if isEscaped {
            var seen: Set<[UInt8]> = []
            for name in names {
                let text = JSONString.decode(UnsafeBufferPointer(rebasing: input[nodes[name].content]))
                guard seen.insert(text).inserted else { throw duplicate(name) }
            }
        } else if names.count <= Self.namesComparedPairwise {
            for (index, name) in names.enumerated() {
                for other in names[..<index] where compare(name, other) == 0 { throw duplicate(name) }
            }
        } else {
            names.sort { compare($0, $1) < 0 }
            for (one, other) in zip(names, names.dropFirst()) where compare(one, other) == 0 {
                throw duplicate(max(one, other))
            }
        }
    }

    private static let namesComparedPairwise = 12

    private func duplicate(_ name: Int) -> JSONError { JSONError(.duplicateMember, at: Int(nodes[name].start)) }

    /// Any order will do, so the length comes first.
    private func compare(_ one: Int, _ other: Int) -> Int {
        let (one, other) = (nodes[one].content, nodes[other].content)
        guard one.count == other.count else { return one.count - other.count }
        for (mine, its) in zip(one, other) where input[mine] != input[its] { return Int(input[mine]) - Int(input[its]) }
        return 0
    }
}
