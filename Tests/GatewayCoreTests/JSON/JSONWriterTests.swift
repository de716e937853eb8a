import GatewayCore
import Testing

@Suite struct JSONWriterTests {
    @Test func valuesAreSeparatedByCommas() {
        let bytes = JSONWriter.object { object in
            object.member("a", 1)
            object.arrayMember("b") { list in
                list.string("x")
                list.object { _ in }
                list.object { $0.member("y", true) }
                list.null()
            }
            object.nullMember("c")
            object.member("d", raw: Array("[1]".utf8))
        }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"a":1,"b":["x",{},{"y":true},null],"c":null,"d":[1]}"#)
    }

    @Test func everyStringIsReadBackAsItWas() throws {
        var random = RandomJSON(seed: 5)
        for _ in 0..<300 {
            let text = random.text()
            var writer = JSONWriter()
            writer.string(text)
            #expect(try JSONDocument(writer.bytes, limits: .request).root.textValue == Array(text.utf8))
        }
        var writer = JSONWriter()
        writer.string((0..<0x80).map { UInt8($0) })
        #expect(try JSONDocument(writer.bytes, limits: .request).root.textValue == (0..<0x80).map { UInt8($0) })
    }

    @Test func whatIsNotUTF8IsWrittenAsReplacementCharacters() throws {
        var writer = JSONWriter()
        writer.string([0x61, 0xff, 0x62] as [UInt8])
        #expect(try JSONDocument(writer.bytes, limits: .request).root.stringValue == "a\u{fffd}b")
    }
}
