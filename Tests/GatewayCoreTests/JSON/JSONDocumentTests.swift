import GatewayCore
import Testing

@Suite struct JSONDocumentTests {
    private func fault(_ bytes: [UInt8], _ limits: JSONLimits = .request) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONDocument(bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    private func fault(_ text: String, _ limits: JSONLimits = .request) -> JSONError? {
        fault(Array(text.utf8), limits)
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "12", "-1.5", "1e5", "1E+5", "0.5e-3", "\"\"", "\"a\"", "[]", "{}", " [ ] ",
        "\t{\r\n}\n", "[1,2]", "[[[]]]", "{\"\":0}", "{\"a\":{\"a\":{}}}", "\"\\u0000\"", "\"\\ud83d\\ude00\"",
        "\"\u{7f}\"", "\"\u{10ffff}\"", "123456789012345678901234567890", "1e99999999999",
    ])
    func whatTheGrammarAllowsIsTaken(text: String) {
        #expect(fault(text) == nil)
    }

    static let refused: [(String, JSONError.Reason, Int)] = [
        ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("nul", .unexpectedEnd, 3), ("nulL", .unexpectedByte, 3),
        ("True", .unexpectedByte, 0), ("01", .unexpectedByte, 1), ("-", .unexpectedEnd, 1), ("-a", .invalidNumber, 1),
        ("1.", .unexpectedEnd, 2), ("1.e5", .invalidNumber, 2), (".5", .unexpectedByte, 0), ("+1", .unexpectedByte, 0),
        ("1e", .unexpectedEnd, 2), ("1e+", .unexpectedEnd, 3), ("1ex", .invalidNumber, 2), ("0x1", .unexpectedByte, 1),
        ("NaN", .unexpectedByte, 0), ("Infinity", .unexpectedByte, 0), ("[", .unexpectedEnd, 1),
        ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("[1,]", .unexpectedByte, 3),
        ("[,1]", .unexpectedByte, 1),
        ("[1 2]", .unexpectedByte, 3), ("[1}", .unexpectedByte, 2), ("]", .unexpectedByte, 0), ("{", .unexpectedEnd, 1),
        ("{\"a\"", .unexpectedEnd, 4), ("{\"a\":", .unexpectedEnd, 5), ("{\"a\":1,}", .unexpectedByte, 7),
        ("{\"a\" 1}", .unexpectedByte, 5), ("{a:1}", .unexpectedByte, 1), ("{1:1}", .unexpectedByte, 1),
        ("{\"a\":1]", .unexpectedByte, 6), ("{,}", .unexpectedByte, 1), ("1 2", .unexpectedByte, 2),
        ("{}{}", .unexpectedByte, 2), ("\"", .unexpectedEnd, 1), ("\"a", .unexpectedEnd, 2),
        ("\"\n\"", .controlCharacter, 1), ("\"\u{0}\"", .controlCharacter, 1), ("\"\\x\"", .invalidEscape, 1),
        ("\"\\u12g4\"", .invalidEscape, 1), ("\"\\u123", .unexpectedEnd, 6), ("\"\\", .unexpectedEnd, 2),
        ("'a'", .unexpectedByte, 0), ("// a\n1", .unexpectedByte, 0), ("\u{feff}1", .unexpectedByte, 0),
        ("\u{a0}1", .unexpectedByte, 0),
    ]

    @Test(arguments: refused)
    func whatItDoesNotAllowIsRefusedWhereItStands(text: String, reason: JSONError.Reason, offset: Int) {
        #expect(fault(text) == JSONError(reason, at: offset))
    }

    @Test(arguments: [
        "\\ud83d", "\\ud83dx", "\\ud83d\\n", "\\ude00", "\\ude00\\ud83d", "\\ud83d\\ud83d", "\\uDBFF\\u0041",
    ])
    func halfOfASurrogatePairIsRefused(text: String) {
        #expect(fault("[\"ab\(text)\"]") == JSONError(.loneSurrogate, at: 4))
    }

    @Test(
        arguments: [
            [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x41], [0xe0, 0x9f, 0xbf], [0xe2, 0x82],
            [0xe2, 0x82, 0x41], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x8f, 0xbf, 0xbf], [0xf0, 0x9f, 0x98],
            [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xfe], [0xff],
        ] as [[UInt8]])
    func whatIsNotUTF8IsRefused(sequence: [UInt8]) {
        #expect(fault(Array("[\"abcdefghi".utf8) + sequence + Array("\"]".utf8)) == JSONError(.invalidUTF8, at: 11))
        #expect(fault(Array("\"a".utf8) + sequence)?.reason == .invalidUTF8)
    }

    /// Strings are read eight bytes at a time: what must be noticed is noticed at every place.
    @Test func aByteThatMattersIsNoticedWhereverItStands() throws {
        for length in 0..<27 {
            for place in 0..<max(length, 1) where length > 0 {
                var content = [UInt8](repeating: UInt8(ascii: "x"), count: length)
                for byte in UInt8.min...UInt8.max {
                    content[place] = byte
                    let text = Array("\"".utf8) + content + Array("\"".utf8)
                    let isPlain =
                        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                    if isPlain {
                        #expect(try JSONDocument(text, limits: .request).root.textValue == content)
                    } else {
                        #expect(fault(text) != nil, "\(byte) at \(place) of \(length)")
                    }
                }
            }
        }
    }

    @Test(arguments: [
        #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"[{"x":{"k":1,"l":2,"k":3}}]"#, #"{"":1,"":2}"#,
        #"{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":0,"n":0,"c":0}"#,
    ])
    func twoMembersOfOneNameAreRefused(text: String) {
        #expect(fault(text)?.reason == .duplicateMember)
    }

    @Test func namesThatOnlyLookAlikeAreTwo() {
        #expect(fault("{\"\u{e9}\":1,\"e\u{301}\":2}") == nil)
        #expect(fault(#"{"a":{"a":1},"b":{"a":1}}"#) == nil)
    }

    @Test func depthEndsAtTheLimit() {
        let limits = JSONLimits(bytes: 1_000, depth: 3, values: 1_000)
        #expect(fault("[[[1]]]", limits) == nil)
        #expect(fault("[[[[]]]]", limits) == JSONError(.tooDeep, at: 3))
        #expect(fault(#"{"a":[{"b":{}}]}"#, limits)?.reason == .tooDeep)
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(fault(deep) == JSONError(.tooDeep, at: JSONLimits.request.depth))
    }

    @Test func sizeAndCountEndAtTheirLimits() {
        #expect(fault("[1,2,3]", JSONLimits(bytes: 7, depth: 9, values: 4)) == nil)
        #expect(fault("[1,2,3]", JSONLimits(bytes: 6, depth: 9, values: 4)) == JSONError(.tooLarge, at: 6))
        #expect(fault("[1,2,3]", JSONLimits(bytes: 7, depth: 9, values: 3)) == JSONError(.tooManyValues, at: 5))
        #expect(fault(#"{"a":1}"#, JSONLimits(bytes: 7, depth: 9, values: 2))?.reason == .tooManyValues)
    }

    @Test func everyBeginningOfATextIsAnErrorAndNothingWorse() {
        let bytes = Array(Self.example.utf8)
        for end in bytes.indices { #expect(fault(Array(bytes[..<end])) != nil) }
        #expect(fault(bytes) == nil)
    }

    @Test func noDamagedByteTraps() throws {
        let bytes = Array(Self.example.utf8)
        for index in bytes.indices {
            for replacement: UInt8 in [0, 0x20, 0x22, 0x2c, 0x30, 0x5b, 0x5c, 0x5d, 0x75, 0x7b, 0x7d, 0x80, 0xed, 0xff]
            {
                var damaged = bytes
                damaged[index] = replacement
                guard let document = try? JSONDocument(damaged, limits: .request) else { continue }
                visit(document.root)
            }
        }
    }

    /// Reads everything that there is of a value.
    private func visit(_ value: JSONView) {
        _ = (value.stringValue, value.integerValue, value.numberValue, value.booleanValue, value.path)
        for element in value.elements { visit(element) }
        for (name, member) in value.members { #expect(value[name]?.bytes == member.bytes) }
    }

    private static let example = #"""
        {"model":"gpt-4o","messages":[{"role":"user","content":"h\u00e9\ud83d\ude00 \"é😀\\"}],"n":1,"t":-0.5e+3,
         "tools":[{},[],[null,true,false]],"x":{"y":{"z":""}}}
        """#

    @Test func everyRandomValueIsReadAsItWasMeant() throws {
        var random = RandomJSON(seed: 1)
        for _ in 0..<400 {
            let value = random.value()
            let document = try JSONDocument(random.write(value))
            #expect(matches(document.root, value))
        }
    }

    private func matches(_ view: JSONView, _ value: RandomJSON.Value) -> Bool {
        switch value {
        case .object(let members):
            // Names are compared by Swift when the value is made, so no two of them look alike.
            return view.kind == .object && view.count == members.count
                && members.allSatisfy { name, value in view[name].map { matches($0, value) } ?? false }
        case .array(let elements):
            return view.kind == .array && view.count == elements.count
                && zip(view.elements, elements).allSatisfy { matches($0, $1) }
        case .string(let text): return view.stringValue == text && view.textValue == Array(text.utf8)
        case .number(let digits, let power):
            guard let number = view.numberValue else { return false }
            return number == Double("\(digits)e\(power)")
        case .boolean(let value): return view.booleanValue == value
        case .null: return view.isNull
        }
    }
}
