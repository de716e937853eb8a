import GatewayCore
import Testing

@Suite struct JSONViewTests {
    private let document: JSONDocument
    private var root: JSONView { document.root }

    init() throws {
        document = try JSONDocument(
            #"{"messages":[{"role":"user","content":[{"type":"text"}]}, 7],"a\"b":{"c":null},"#
                + #""n":12,"big":1e400,"t":1.5,"ok":true}"#
        )
    }

    private func error(_ body: () throws(GatewayError) -> Void) -> GatewayError? {
        do throws(GatewayError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func everyValueKnowsItsPath() throws {
        #expect(root.path == "")
        #expect(root["messages"]?.path == "messages")
        let messages = Array(try #require(root["messages"]).elements)
        #expect(messages.map(\.path) == ["messages[0]", "messages[1]"])
        #expect(messages[0]["content"]?.elements.first { _ in true }?["type"]?.path == "messages[0].content[0].type")
        #expect(root["a\"b"]?["c"]?.path == "a\"b.c")
    }

    @Test func aValueOfAnotherKindIsAnErrorThatNamesItsPath() throws {
        let role = try #require(root["messages"]?.elements.first { _ in true }?["role"])
        let wrong = error { () throws(GatewayError) in _ = try role.integer() }
        #expect(wrong?.code == .invalidRequest)
        #expect(wrong?.parameter == "messages[0].role")
        #expect(wrong?.message == "messages[0].role must be an integer, not a string.")
        #expect(
            error { () throws(GatewayError) in _ = try root.string() }?.message
                == "the body must be a string, not an object.")
    }

    @Test func aNumberThatDoesNotFitIsAnError() throws {
        #expect(root["n"]?.integerValue == 12)
        #expect(root["n"]?.numberValue == 12)
        #expect(root["t"]?.integerValue == nil)
        #expect(root["big"]?.numberValue == nil)
        let big = try #require(root["big"])
        #expect(
            error { () throws(GatewayError) in _ = try big.number() }?.message
                == "big must be a number, not one out of range.")
    }

    @Test func nullCountsAsAbsentWhereItMay() throws {
        let inner = try #require(root["a\"b"])
        #expect(inner["c"]?.isNull == true)
        #expect(inner.present("c") == nil)
        let missing = error { () throws(GatewayError) in _ = try inner.required("c") }
        #expect(missing?.parameter == "a\"b.c")
        #expect(missing?.message == "a\"b.c is required.")
    }

    @Test func bytesAreThoseOfTheText() {
        #expect(root["n"].map { Array($0.bytes) } == Array("12".utf8))
        #expect(root["a\"b"].map { String(decoding: $0.bytes, as: UTF8.self) } == #"{"c":null}"#)
    }

    @Test func aLongNameIsNotToldWhole() throws {
        let name = String(repeating: "n", count: 10_000)
        let view = try #require(try JSONDocument("{\"\(name)\":1}").root[name])
        let wrong = error { () throws(GatewayError) in _ = try view.string() }
        #expect((wrong?.message.utf8.count ?? .max) < 400)
    }
}
