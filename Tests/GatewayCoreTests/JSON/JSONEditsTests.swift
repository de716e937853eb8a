import GatewayCore
import Testing

@Suite struct JSONEditsTests {
    private func edited(_ text: String, _ edit: (JSONView, inout JSONEdits) -> Void) throws -> String {
        let document = try JSONDocument(text)
        var edits = JSONEdits(document)
        edit(document.root, &edits)
        let result = edits.apply()
        _ = try JSONDocument(result, limits: .request)
        return String(decoding: result, as: UTF8.self)
    }

    @Test func nothingIsChangedWithoutAnEdit() throws {
        let text = " {\"a\" : 1 , \"b\":[ 1.0e0, \"\\u0041\" ] }\n"
        #expect(try edited(text) { _, _ in } == text)
    }

    @Test func aReplacedValueLeavesAllOtherBytes() throws {
        let text = " {\"model\" :\t\"a\" , \"x\":[ 1.0e0 ] }\n"
        #expect(
            try edited(text) { $1.setMember("model", of: $0, to: Array("\"b\"".utf8)) }
                == " {\"model\" :\t\"b\" , \"x\":[ 1.0e0 ] }\n")
    }

    @Test(arguments: [("{}", "{\"n\":1}"), ("{ }", "{\"n\":1 }"), ("{\"a\": 0 }", "{\"a\": 0,\"n\":1 }")])
    func anAddedMemberComesLast(text: String, result: String) throws {
        #expect(try edited(text) { $1.setMember("n", of: $0, to: Array("1".utf8)) } == result)
    }

    @Test func aRemovedMemberTakesOneCommaWithIt() throws {
        let text = #"{"a":1, "b":2, "c":3}"#
        #expect(try edited(text) { $1.removeMember("a", of: $0) } == #"{"b":2, "c":3}"#)
        #expect(try edited(text) { $1.removeMember("b", of: $0) } == #"{"a":1, "c":3}"#)
        #expect(try edited(text) { $1.removeMember("c", of: $0) } == #"{"a":1, "b":2}"#)
        #expect(try edited(text) { $1.removeMember("d", of: $0) } == text)
    }

    /// Every set of members removed, with and without one added and one replaced.
    @Test func anyMembersMayBeRemovedAtOnce() throws {
        let names = ["a", "b", "c", "d", "e"]
        let text = "{ " + names.map { "\"\($0)\" : {\"\($0)\":[1, 2]}" }.joined(separator: " , ") + " }"
        for set in 0..<32 {
            for added in [false, true] {
                let removed = names.indices.filter { set >> $0 & 1 == 1 }.map { names[$0] }
                let result = try edited(text) { root, edits in
                    for name in removed { edits.removeMember(name, of: root) }
                    if added { edits.setMember("new", of: root, to: Array("null".utf8)) }
                    if let value = root["c"]?["c"] { edits.replace(value, with: Array("7".utf8)) }
                }
                let members = try JSONDocument(result).root.members.map(\.name)
                #expect(members == names.filter { !removed.contains($0) } + (added ? ["new"] : []))
                #expect(removed.contains("c") || result.contains(#""c" : {"c":7}"#))
            }
        }
    }

    @Test func allMembersOfAKindMayBeRemoved() throws {
        let result = try edited(#"{"x-a":1,"b":2,"x-c":3,"d":4,"x-e":5}"#) { root, edits in
            edits.removeMembers(of: root) { $0.hasPrefix("x-") }
        }
        #expect(result == #"{"b":2,"d":4}"#)
    }

    @Test func editsAtAllDepthsMeetInOneText() throws {
        let result = try edited(#"{"o":{"u":null},"m":{"k":"v","own":"x"},"e":{}}"#) { root, edits in
            if let options = root["o"] { edits.setMember("u", of: options, to: Array("true".utf8)) }
            if let metadata = root["m"] { edits.removeMember("own", of: metadata) }
            if let empty = root["e"] {
                edits.setMember("x", of: empty, to: Array("1".utf8))
                edits.setMember("y\"", of: empty, to: Array("2".utf8))
            }
        }
        #expect(result == #"{"o":{"u":true},"m":{"k":"v"},"e":{"x":1,"y\"":2}}"#)
    }

    @Test func anEditInsideOfWhatIsRemovedIsNone() throws {
        let result = try edited(#"{"a":{"b":1},"c":2}"#) { root, edits in
            if let value = root["a"]?["b"] { edits.replace(value, with: Array("9".utf8)) }
            edits.removeMember("a", of: root)
        }
        #expect(result == #"{"c":2}"#)
    }
}
