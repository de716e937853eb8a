import CacheModel
import Foundation
import Testing

@testable import semblance

/// The program as a process: what it prints, and how it ends.
@Suite struct ServiceCommandTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: [String], at address: String = "unix:/nowhere") async throws
        -> BuiltExecutable.Outcome
    {
        try await BuiltExecutable.run(
            arguments, environment: ["SEMBLANCE_ADDRESS": address, "SEMBLANCE_NAMESPACE": "n"])
    }

    @Test(arguments: [
        ["nonsense"], ["lookup"], ["lookup", "--vector", "x"], ["lookup", "--vector-file", "a.npy"], ["get", "0"],
        ["get", "x"],
        ["insert", "--key", "1"], ["insert", "--payload", "x"], ["invalidate"], ["invalidate", "a@x"], ["purge"],
        ["invalidate", "a@1", "--previous", "x"], ["invalidate", "a#1", "b#2", "--previous", "x"],
        ["lease", "--timeout", "3"],
        ["invalidate", "a@1", "--reset", "4"], ["lookup", "--key", "1", "-k", "101"], ["import"],
        ["import", "a", "--batch", "257"], ["stats", "--count", "1"], ["stats", "--watch", "--count", "0"],
    ])
    func wrongUsageEndsWith64(_ arguments: [String]) async throws {
        let outcome = try await run(arguments)
        #expect(outcome.exitCode == 64, "\(arguments): \(outcome.error)")
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: [
        ["ping"], ["stats"], ["namespace", "list"], ["lookup", "--key", "1"], ["get", "1"], ["delete", "1"], ["lease"],
        ["purge", "--tag", "t"], ["invalidate", "a"], ["fence", "lift"], ["insert", "--key", "1", "--payload", "x"],
    ])
    func withoutAServiceACommandEndsWith1(_ arguments: [String]) async throws {
        let outcome = try await run(arguments)
        #expect(outcome.exitCode == 1)
        #expect(outcome.error.hasPrefix("error: connection-failed: "))
        #expect(outcome.output.isEmpty)
    }

    @Test(arguments: [
        ["--durability", "fast"], ["--listen", "0.0.0.0:0"],
        ["--tls-certificate", "/nowhere.pem", "--tls-key", "/nowhere.key"], ["--config", "/nowhere.json"],
        ["--map-size", "1"],
    ])
    func theServiceDoesNotStartWithWrongSettings(_ arguments: [String]) async throws {
        let outcome = try await run(["serve", "--data", folder.file("store")] + arguments)
        #expect(outcome.exitCode == 1)
        #expect(outcome.error.hasPrefix("error: invalid-configuration: "), "\(outcome.error)")
        #expect(!folder.exists("store"))
    }

    @Test func kernelsThatDoNotExistAreRefused() async throws {
        let outcome = try await BuiltExecutable.run(
            ["serve", "--data", folder.file("store")], environment: ["SEMBLANCE_KERNEL": "abacus"])
        #expect(outcome.exitCode == 1)
        #expect(outcome.error.contains("invalid-configuration"))
    }

    @Test func everyCommandTalksToTheService() async throws {
        let arguments = ["--data", folder.file("store"), "--map-size", "1GiB"]
        let (_, outcome) = try await BuiltExecutable.serve(arguments, environment: ["SEMBLANCE_KERNEL": "serial"]) {
            address in
            func json(_ arguments: [String], exitCode: Int32 = 0) async throws -> [String: Any] {
                let outcome = try await run(arguments + ["--json"], at: address)
                #expect(outcome.exitCode == exitCode, "\(arguments): \(outcome.error)")
                return outcome.json
            }
            #expect(try await json(["ping"])["version"] as? String != nil)
            let namespace = ["namespace", "create", "n", "--threshold", "0.9", "--dimension", "2", "--ttl", "1h"]
            #expect(try await json(namespace)["ttlMs"] as? Int == 3_600_000)
            let stored = try await json([
                "insert", "--vector", "-1,0", "--payload", "west", "--depends-on", "kb/a@41", "--depends-on", "docs#x",
                "--tag",
                "t", "--prompt", "where?",
            ])
            let entry = try #require(stored["entry"] as? Int)
            let hit = try await json(["lookup", "--vector", "-1,0.1", "--source", "kb/a"])
            #expect(hit["outcome"] as? String == "hit")
            let hits = try #require(hit["hits"] as? [[String: Any]])
            #expect(hits.first?["payload"] as? String == "west")
            #expect(hits.first?["dependsOn"] as? [String] == ["kb/a@41", "docs#x"])
            #expect(try await run(["get", "\(entry)", "--raw"], at: address).output == "west")
            let label = try await json(["invalidate", "docs#x"])
            #expect((label["invalidations"] as? [[String: Any]])?.first?["changed"] as? Bool == true)
            #expect(try await run(["invalidate", "docs#y", "--json"], at: address).error.contains("label-conflict"))
            _ = try await json(["invalidate", "docs#y", "--previous", "x"])
            _ = try await json(["invalidate", "kb/a@42", "kb/b"])
            let miss = try await json(["lookup", "--vector", "-1,0.1"])
            #expect(miss["outcome"] as? String == "miss")
            let late = try await run(
                ["insert", "--vector", "-1,0", "--payload", "x", "--depends-on", "kb/a@41"], at: address)
            #expect(late.exitCode == 1)
            #expect(late.error.hasPrefix("error: stale-dependency: "))
            let lease = try #require(try await json(["lease"])["lease"] as? String)
            _ = try await json([
                "insert", "--key", "ab", "--payload", "keyed", "--depends-on", "kb/b", "--lease", lease, "--tag", "t",
            ])
            #expect(try await json(["lookup", "--key", "ab"])["outcome"] as? String == "hit")
            #expect(try await json(["purge", "--tag", "t"])["entryCount"] as? Int ?? 0 >= 1)
            #expect(try await json(["invalidate", "kb/a", "--reset", "7"])["invalidations"] != nil)
            #expect(try await json(["delete", "12345"])["entries"] != nil)
            let statistics = try await json(["stats"])
            #expect((statistics["engine"] as? [String: Any])?["kernel"] as? String == "serial")
            #expect(try await run(["stats"], at: address).output.contains("kernel"))
            let watched = try await json(["stats", "--watch", "--count", "1", "--interval", "1ms"])
            #expect((watched["now"] as? [String: Any])?["connections"] as? Int == 1)
            #expect(watched["perSecond"] is [String: Any])
            let lines = try await run(["stats", "--watch", "--count", "2", "--interval", "1ms"], at: address).output
            #expect(lines.split(separator: "\n").count == 3)
            #expect(!lines.contains("\u{1b}"), "nothing is drawn over in a file")
            #expect(try await json(["fence", "lift"])["position"] != nil)
            #expect((try await json(["namespace", "list"])["namespaces"] as? [Any])?.count == 1)
            let inUse = try await run(["check", "--data", folder.file("store")])
            #expect(inUse.exitCode == 1)
            #expect(inUse.error.hasPrefix("error: store-locked: "))
            #expect(try await json(["namespace", "drop", "n"])["entryCount"] != nil)
        }
        #expect(outcome.exitCode == 0, "SIGTERM ends the service in an orderly way: \(outcome.error)")
        #expect(outcome.output.contains("kernel      serial"))
        #expect(outcome.error.contains("draining"))
    }

    @Test func theDemoShowsWhatItPromises() async throws {
        let demo = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Demo").standardized.path
        let outcome = try await BuiltExecutable.run(["demo", "--demo-data", demo])
        #expect(outcome.exitCode == 0, "\(outcome.error)")
        for text in [
            "similarity 0.9368", "0.1835", "0.8741", "stale-dependency: ", "similarity 0.9526",
            "205 answers",
        ] {
            #expect(outcome.output.contains(text), "\(text)")
        }
        // After the announcement, for the very question that was a hit before it.
        #expect(outcome.output.contains(#/announce +kb\/refunds@42.*\n.*\n +ask +"How can I get a refund\?"\n +miss /#))
        #expect(outcome.output.matches(of: #/\d µs/#).count >= 10)
        #expect(!outcome.output.contains("\u{1b}["), "no colors in a file")
    }
}
