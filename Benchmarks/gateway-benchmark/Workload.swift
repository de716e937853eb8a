import GatewayCampaign
import GatewayCore
import NIOCore

/// What is asked and answered: a request of an app with a system prompt, an answer of a short paragraph.
enum Workload {
    static let answer = Array(repeating: "The refund goes to the card that was used, within five working days.", count: 8)
        .joined(separator: " ")
    private static let system = Array(
        repeating: "You answer questions of customers of a shop, briefly and in a friendly tone.", count: 6
    ).joined(separator: " ")

    /// - Parameters:
    ///   - question: without quotes.
    ///   - headers: each with its end of line.
    static func request(
        _ question: String, isStream: Bool = false, path: String = ModelAPI.chatCompletions.path, headers: String = "",
        extra: String = ""
    ) -> [UInt8] {
        let stream = isStream ? #","stream":true,"stream_options":{"include_usage":true}"# : ""
        let body =
            #"{"model":"m-1","temperature":0,"messages":[{"role":"system","content":"\#(system)"},"#
            + #"{"role":"user","content":"\#(question)"}]\#(stream)\#(extra)}"#
        return Array(
            ("POST \(path) HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer sk-none\r\n"
                + "content-type: application/json\r\naccept: application/json\r\nuser-agent: benchmark\r\n\(headers)"
                + "content-length: \(body.utf8.count)\r\n\r\n\(body)").utf8)
    }

    private static let whole = AnswerForms.http(AnswerForms.body(.chatCompletions, answer))
    private static let stream =
        AnswerForms.streamHead
        + AnswerForms.events(.chatCompletions, answer.split(separator: " ").map { "\($0) " }).map(AnswerForms.chunk)
        .joined() + AnswerForms.streamEnd

    /// An upstream that is ready at once, with the same answer to everything.
    static func startUpstream() async throws -> AnsweringServer {
        let (whole, stream) = (ByteBuffer(bytes: whole), ByteBuffer(string: stream))
        let mark = Array(#""stream":true"#.utf8)
        return try await AnsweringServer.start { request in
            let isStream = request.body.suffix(96).contains(mark)
            return .init(count: 1) { _ in isStream ? stream : whole }
        }
    }
}
