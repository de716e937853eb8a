import Testing

@testable import GatewayCore

@Suite struct CanonicalFormTests {
    private func canonical(_ text: String) throws -> String {
        var bytes: [UInt8] = []
        CanonicalForm(document: try JSONDocument(text)).write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func namesAreSortedAndWhiteSpaceGoes() throws {
        #expect(try canonical(" { \"b\" : [ true , null ] ,\n\"a\":{ } } ") == #"{"a":{},"b":[true,null]}"#)
        #expect(try canonical(#"{"é":1,"z":2,"\u0061":3}"#) == #"{"a":3e0,"z":2e0,"é":1e0}"#)
    }

    @Test(arguments: [
        (#""\u0041\/\u00e9\ud83d\ude00""#, "\"A/é😀\""), (#""\u000A\t\u0008\u001f""#, #""\n\t\b\u001f""#),
        (#""\"\\""#, #""\"\\""#), (#""\u0022\u005c""#, #""\"\\""#), ("\"\u{7f}\"", "\"\u{7f}\""),
    ])
    func aStringHasOneForm(text: String, form: String) throws {
        #expect(try canonical(text) == form)
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("0.000e9", "0"), ("0e99999999999999", "0"), ("1", "1e0"), ("1.0", "1e0"),
        ("10e-1", "1e0"),
        ("0.1e+1", "1e0"), ("-12.50", "-125e-1"), ("1200", "12e2"), ("1E3", "1e3"), ("1000", "1e3"),
        ("123456789012345678901234567890", "12345678901234567890123456789e1"), ("1e9999999999", "1e9999999999"),
        ("0.0000001", "1e-7"),
    ])
    func aNumberHasOneForm(text: String, form: String) throws {
        #expect(try canonical(text) == form)
    }

    @Test func numbersThatDifferBeyondADoubleDiffer() throws {
        #expect(try canonical("9007199254740993") != canonical("9007199254740992"))
        #expect(try canonical("0.1") != canonical("0.1000000000000000055511151231257827"))
    }

    @Test func howAValueIsWrittenMakesNoDifference() throws {
        var random = RandomJSON(seed: 2)
        for _ in 0..<400 {
            let value = random.value()
            let (one, other) = (random.write(value), random.write(value))
            #expect(try canonical(one) == canonical(other), "\(one) and \(other)")
        }
    }

    @Test func differentValuesHaveDifferentForms() throws {
        var random = RandomJSON(seed: 3)
        var values: [String: RandomJSON.Value] = [:]
        for _ in 0..<1_000 {
            let value = normalized(random.value(depth: 2))
            let form = try canonical(random.write(value))
            // Swift's strings count as equal when they look alike; canonical forms do not.
            #expect(values[form] == nil || values[form] == value)
            values[form] = value
        }
        #expect(values.count > 300)
    }

    /// Numbers as they are compared: without zeros at their end.
    private func normalized(_ value: RandomJSON.Value) -> RandomJSON.Value {
        switch value {
        case .number(var digits, var power):
            if digits == 0 { return .number(digits: 0, power: 0) }
            while digits % 10 == 0 { (digits, power) = (digits / 10, power + 1) }
            return .number(digits: digits, power: power)
        case .array(let elements): return .array(elements.map(normalized))
        case .object(let members): return .object(members.mapValues(normalized))
        default: return value
        }
    }

    @Test func theFormIsJSONOfTheSameForm() throws {
        var random = RandomJSON(seed: 4)
        for _ in 0..<200 {
            let form = try canonical(random.write(random.value()))
            #expect(try canonical(form) == form)
        }
    }

    @Test func whatIsLeftOutAndWhatIsAHoleLeaveNoTrace() throws {
        func form(_ text: String) throws -> [UInt8] {
            let document = try JSONDocument(text)
            var bytes: [UInt8] = []
            let omitted = Set([document.root["stream"]?.node].compactMap(\.self))
            let holes = Set([document.root["text"]?.node].compactMap(\.self))
            CanonicalForm(document: document, omitted: omitted, holes: holes).write(to: &bytes)
            return bytes
        }
        let one = try form(#"{"stream":true,"text":"a","x":1}"#)
        #expect(try one == form(#"{"text":["b"],"x":1}"#))
        #expect(try one != form(#"{"text":"a","x":2}"#))
        #expect(try one != form(#"{"x":1}"#))
        #expect(one == Array(#"{"text":"#.utf8) + [0] + Array(#","x":1e0}"#.utf8))
    }
}
