import Foundation
import GatewayCore
import Testing

@testable import TrafficReplay

@Suite struct TrafficLogTests {
    private static let body = #"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"a"}]}"#

    /// The same question in every form that is read.
    @Test(arguments: [
        #"{"time":"2026-03-02T08:00:00Z","path":"/v1/chat/completions","headers":{"x-request-id":"1"},"body":BODY}"#,
        #"{"prompt":"a","model":"gpt-4o-mini"}"#,
        #"{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":BODY}"#,
        #"{"url":"https://example.com/proxy/v1/chat/completions?x=1","body":BODY}"#,
        #"{"request_path":"/chat/completions","request_body":TEXT,"response_body":{"choices":[]}}"#,
        #"{"call_type":"acompletion","spend":0.001,"startTime":"2026-03-02 08:00:00","model":"gpt-4o-mini","messages":[{"role":"user","content":"a"}],"end_user":"","cache_key":"k"}"#,
        #"{"call_type":"acompletion","proxy_server_request":BODY,"messages":{}}"#,
        #"{"type":"GENERATION","startTime":"2026-03-02T08:00:00.000Z","model":"gpt-4o-mini","input":[{"role":"user","content":"a"}],"output":{"role":"assistant","content":"b"},"usage":{"input":3,"output":4}}"#,
        #"{"type":"GENERATION","start_time":"2026-03-02 08:00:00.000000","provided_model_name":"gpt-4o-mini","input":"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}","usage_details":{"input":3,"output":4}}"#,
    ])
    func aRequestIsTheSameInEveryForm(_ line: String) throws {
        let text = String(decoding: try JSONEncoder().encode(Self.body), as: UTF8.self)
        let line = line.replacingOccurrences(of: "BODY", with: Self.body).replacingOccurrences(of: "TEXT", with: text)
        let plain = #"{"body":\#(Self.body)}"#
        let log = try ReplayWorld.log([plain, line])
        #expect(log.problems.isEmpty)
        #expect(log.requestCount == 2)
        #expect(log.questionCount == 1)
    }

    @Test(arguments: [
        ("{", "not JSON"), ("[1]", "not a JSON object"), ("{}", "no body, prompt or list of messages"),
        (#"{"prompt":"a","time":"yesterday"}"#, "its time cannot be read"),
        (#"{"prompt":"a","cost_usd":-1}"#, "no number of dollars"),
        (#"{"path":"/v1/audio/speech","body":{"model":"tts","input":"a"}}"#, "no part in /v1/audio/speech"),
        (#"{"body":{"model":"gpt-4o","messages":[]}}"#, "the gateway would refuse it"),
        (#"{"prompt":"a","use_case":"nobody"}"#, "no use case 'nobody'"),
        (#"{"type":"SPAN","input":{"a":1}}"#, "no call of a model"),
        (#"{"prompt":"a","headers":{"x-semblance-treshold":"1"}}"#, "threshold"),
    ])
    func aLineThatCannotBeReadIsCountedAndNamed(_ line: String, _ reason: String) throws {
        let log = try ReplayWorld.log([#"{"prompt":"fine"}"#, line, "", #"{"prompt":"fine, too"}"#])
        #expect(log.requestCount == 2)
        #expect(log.problemCount == 1)
        let problem = try #require(log.problems.first)
        #expect(problem.line == 2)
        #expect(problem.reason.contains(reason), "\(problem.reason)")
    }

    @Test func onlyTheFirstProblemsAreNamedAndAllAreCounted() throws {
        let log = try ReplayWorld.log(Array(repeating: "nonsense", count: 40))
        #expect(log.problemCount == 40)
        #expect(log.problems.map(\.line) == [1, 2, 3, 4, 5])
    }

    @Test(arguments: [
        (#"1772438400"#, Int64(1_772_438_400_000)), ("1772438400.5", 1_772_438_400_500), ("1772438400123", 1_772_438_400_123),
        ("1772438400123456", 1_772_438_400_123), (#""2026-03-02T08:00:00Z""#, 1_772_438_400_000),
        (#""2026-03-02 08:00:00.250000""#, 1_772_438_400_250), (#""2026-03-02T09:00:00+01:00""#, 1_772_438_400_000),
    ])
    func timesAreReadInTheirUnits(_ text: String, _ milliseconds: Int64) throws {
        let log = try ReplayWorld.log([#"{"prompt":"a","time":\#(text)}"#])
        #expect(log.requests.first?.time == milliseconds)
    }

    @Test func aCostIsTheLogsOwnElseTokensTimesPrices() throws {
        let lines = [
            #"{"prompt":"a","model":"gpt-4o-mini","cost_usd":0.25,"input_tokens":1,"output_tokens":1}"#,
            #"{"prompt":"a","model":"gpt-4o-mini","input_tokens":1000,"output_tokens":100}"#,
            #"{"prompt":"a","model":"openai/gpt-4o-mini","usage":{"prompt_tokens":1000,"completion_tokens":100}}"#,
            #"{"prompt":"a","model":"mine","input_tokens":1000,"output_tokens":100}"#,
            #"{"prompt":"a","model":"gpt-4o-mini"}"#,
            #"{"body":{"model":"mine","messages":[{"role":"user","content":"a"}]},"response":{"model":"gpt-4o","usage":{"prompt_tokens":10,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":4}}}}"#,
        ]
        let log = try ReplayWorld.log(lines)
        // 1,000 × $0.15 + 100 × $0.60 per million; 6 × $2.50 + 4 × $1.25 + 10 × $10.
        let expected: [Int64?] = [250_000_000, 210_000, 210_000, nil, nil, 120_000]
        #expect(log.requests.map(\.cost?.count) == expected)
        #expect(log.unpricedModels == ["mine": 1])
        #expect(log.uncountedRequests == 1)
    }

    @Test func linesAreReadOneByOneWhereverTheFileIsCut() throws {
        let path = NSTemporaryDirectory() + "replay-\(UInt64.random(in: 0 ... .max)).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let long = String(repeating: "x", count: 300_000)
        try Data("one\r\n\n\(long)\ntoo long to take\nlast".utf8).write(to: URL(fileURLWithPath: path))
        func lines(_ limit: Int) throws -> [String?] {
            var reader = try LineReader(path: path, limitBytes: limit)
            var lines: [String?] = []
            while let line = try reader.next() {
                if case .bytes(let bytes) = line { lines.append(String(decoding: bytes, as: UTF8.self)) } else { lines.append(nil) }
            }
            return lines
        }
        #expect(try lines(1 << 20) == ["one", "", long, "too long to take", "last"])
        #expect(try lines(8) == ["one", "", nil, nil, "last"])
        #expect(throws: LineReader.Problem.self) { _ = try LineReader(path: path + ".none") }
    }

    @Test func theSampleLogIsWhatItsDocumentSays() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var reader = try LineReader(path: root.appendingPathComponent("Demo/replay.jsonl").path)
        var log = TrafficLog(rules: try ReplayWorld.rules())
        while let line = try reader.next() {
            if case .bytes(let bytes) = line { log.take(bytes) }
        }
        #expect(log.problemCount == 1)
        #expect(log.labeledCount == log.requestCount)
        #expect(log.requests.allSatisfy { $0.cost != nil && $0.time != nil })
        let document = try String(contentsOf: root.appendingPathComponent("docs/REPLAY.md"), encoding: .utf8)
        #expect(document.contains("\(log.requestCount) requests of \(log.lineCount) lines"))
    }
}
