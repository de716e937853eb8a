import GatewayCore
import Testing

@testable import semblance_gateway

/// YAML as the gateway reads it.
@Suite struct ConfigurationFileTests {
    @Test func everySettingKnowsItsLine() throws {
        let root = try #require(
            try ConfigurationFile.parse(
                "listen: 127.0.0.1:8077\ncache:\n  timeout: 50ms\nroutes: {gpt-4o: openai}\n", fileName: "g.yaml"))
        #expect(
            root
                == ConfigurationNode(
                    .mapping([
                        .init("listen", .init(.text("127.0.0.1:8077"), line: 1)),
                        .init("cache", .init(.mapping([.init("timeout", .init(.text("50ms"), line: 3))]), line: 3)),
                        .init("routes", .init(.mapping([.init("gpt-4o", .init(.text("openai"), line: 4))]), line: 4)),
                    ]), line: 1))
        _ = try GatewayConfiguration(file: root, fileName: "g.yaml")
    }

    @Test func whatLooksLikeNumbersOrNothingIsKept() throws {
        let root = try #require(
            try ConfigurationFile.parse("a: 1.50\nb: on\nc:\nd: ~\ne: \"\"\nf: [1, x]\n", fileName: "g.yaml"))
        guard case .mapping(let members) = root.content else {
            Issue.record("no mapping")
            return
        }
        #expect(members[0].value.content == .text("1.50"))
        #expect(members[1].value.content == .text("on"))
        #expect(members[2].value.content == .empty)
        #expect(members[3].value.content == .empty)
        #expect(members[4].value.content == .text(""))
        #expect(members[5].value.content == .list([.init(.text("1"), line: 6), .init(.text("x"), line: 6)]))
    }

    @Test func anEmptyFileIsNone() throws {
        #expect(try ConfigurationFile.parse("# nothing\n", fileName: "g.yaml") == nil)
    }

    @Test(arguments: ["a: [1", "a: b: c", "\t- x", "? [a]\n: b"])
    func whatIsNoYAMLIsSaidWithTheFilesName(_ text: String) {
        let problem = #expect(throws: ConfigurationFile.Problem.self) {
            try ConfigurationFile.parse(text, fileName: "g.yaml")
        }
        #expect(problem?.description.hasPrefix("g.yaml") == true)
    }
}
