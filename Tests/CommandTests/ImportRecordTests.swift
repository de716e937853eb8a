import CacheModel
import Testing

@testable import semblance

@Suite struct ImportRecordTests {
    @Test func everyKeyIsRead() throws {
        let line = """
            {"prompt": "p", "payload": "a", "content_type": "text/html", "scope": "0a", "key": "ff", "depends_on": \
            ["kb/refunds@41", "docs/api#c8", "kb/shipping"], "tags": ["t", "u"], "ttl_ms": 500, "cost_saved_usd": \
            0.0004, \
            "lease": "00c1f3a09b2e7d44:17/5af1c2d3e4b50617"}
            """
        let record = try ImportRecord(parsing: Array(line.utf8))
        let other = Lease(position: .zero, namespace: 1)
        let insertion = record.insertion(vector: [1], now: Timestamp(milliseconds: 1_000), lease: other)
        #expect(
            insertion
                == Insertion(
                    scope: Scope(10), key: ExactKey(255), vector: [1], prompt: "p", payload: Array("a".utf8),
                    contentType: "text/html",
                    dependencies: [
                        Dependency("kb/refunds", .ordered(41)), Dependency("docs/api", .labelled("c8")),
                        Dependency("kb/shipping"),
                    ], tags: ["t", "u"], expiresAt: Timestamp(milliseconds: 1_500), costSavedNanodollars: 400_000,
                    lease: Lease("00c1f3a09b2e7d44:17/5af1c2d3e4b50617")))
    }

    @Test func aRowWithoutALeaseGetsTheImports() throws {
        let lease = Lease(position: .zero, namespace: 1)
        let record = try ImportRecord(parsing: Array(#"{"payload": "", "expires_at": 7}"#.utf8))
        let insertion = record.insertion(vector: [1], now: .now, lease: lease)
        #expect(insertion.lease == lease)
        #expect(insertion.expiresAt == Timestamp(milliseconds: 7))
        #expect(insertion.contentType == "text/plain; charset=utf-8")
    }

    @Test func withoutALineThePayloadIsTheRow() {
        #expect(ImportRecord(row: 17).payload == Array("17".utf8))
    }

    @Test(arguments: [
        ("", "not JSON"), ("[]", "no JSON object"), ("17", "no JSON object"), ("{\"payload\": \"a\"", "not JSON"),
        ("{}", "'payload' is missing"),
        (#"{"payload": 1}"#, "'payload' is of another type"), (#"{"payload": null}"#, "'payload' is of another type"),
        (#"{"payload": "a", "depend_on": []}"#, "'depend_on' is not known"),
        (#"{"payload": "a", "depends_on": "kb"}"#, "'depends_on' is of another type"),
        (#"{"payload": "a", "depends_on": ["kb@x"]}"#, "names no state"),
        (#"{"payload": "a", "scope": "xyz"}"#, "'scope'"),
        (#"{"payload": "a", "key": ""}"#, "'key'"), (#"{"payload": "a", "lease": "x"}"#, "'lease'"),
        (#"{"payload": "a", "ttl_ms": 1, "expires_at": 1}"#, "exclude each other"),
        (#"{"payload": "a", "ttl_ms": 0}"#, "'ttl_ms'"),
        (#"{"payload": "a", "ttl_ms": 1.5}"#, "'ttl_ms'"),
        (#"{"payload": "a", "cost_saved_usd": -1}"#, "'cost_saved_usd'"),
    ])
    func aLineThatCannotBeReadSaysWhy(_ line: String, _ reason: String) {
        do throws(CacheError) {
            _ = try ImportRecord(parsing: Array(line.utf8))
            Issue.record("\(line) was accepted")
        } catch {
            #expect(error.code == .invalidArgument)
            #expect(error.message.contains(reason), "\(error.message)")
        }
    }

    @Test func garbageNeverTraps() throws {
        var generator = SeededGenerator(seed: 0x5eed_0002)
        let line = Array(#"{"payload": "a", "depends_on": ["kb@1"], "ttl_ms": 5, "cost_saved_usd": 1e-4}"#.utf8)
        for _ in 0..<2_000 {
            var bytes = line
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0 ... .max, using: &generator)
            }
            _ = try? ImportRecord(parsing: bytes)
        }
    }

    @Test(arguments: [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("a\r\nb\r\n", 2), ("\n\n", 2)])
    func linesAreCountedAsTheyAreRead(_ text: String, _ count: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.jsonl", text)
        #expect(try JSONLinesFile.count(path) == count)
        var file = try JSONLinesFile(path)
        var lines: [String] = []
        while let line = try file.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        #expect(lines.count == count)
        #expect(lines.allSatisfy { !$0.contains("\r") && !$0.contains("\n") })
    }

    @Test func aLineMayBeLongerThanAPieceOfTheFile() throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "x", count: 3 << 20)
        var file = try JSONLinesFile(try folder.write("a.jsonl", "1\n\(long)\n2"))
        #expect(try file.next() == Array("1".utf8))
        #expect(try file.next()?.count == long.utf8.count)
        #expect(try file.next() == Array("2".utf8))
        #expect(try file.next() == nil)
    }
}
