import ArgumentParser
import Foundation
import Testing

@testable import semblance_gateway

@Suite struct ReplayCommandTests {
    private func exitCode(_ log: String, _ arguments: [String] = []) async throws -> Int32? {
        let path = NSTemporaryDirectory() + "replay-\(UInt64.random(in: 0 ... .max)).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(log.utf8).write(to: URL(fileURLWithPath: path))
        let command = try ReplayCommand.parse([path] + arguments)
        do {
            try await command.run()
            return nil
        } catch let code as ExitCode {
            return code.rawValue
        }
    }

    @Test func aLogWithoutAnyRequestIsAnError() async throws {
        #expect(try await exitCode("nonsense\n{}\n") == 65)
        #expect(try await exitCode("") == 65)
    }

    @Test func anEncoderThatIsNotThereIsAnError() async throws {
        #expect(try await exitCode(#"{"prompt":"a"}"#, ["--encoder", "/nowhere"]) == 78)
    }

    @Test func aSweepThatCannotBeReadIsAnErrorOfUse() {
        #expect(throws: (any Error).self) { _ = try ReplayCommand.parse(["log.jsonl", "--threshold", "much"]) }
    }
}
