import GatewayCore
import NIOCore

/// A model and an encoder at the same time, both made of nothing but the request.
///
/// An answer repeats the canary of the request that it was made for in every word, so that a piece of it is known
/// wherever it turns up. An embedding is made of the words of a question that matter.
enum CampaignUpstream {
    static func answer(_ request: AnsweringServer.Request) -> AnsweringServer.Answer {
        guard let root = try? JSONDocument(request.body, limits: .answer).root else { return refusal }
        if request.path.hasSuffix("/embeddings") { return embeddings(root) }
        guard let api = ModelAPI.allCases.first(where: { request.path.hasSuffix($0.path.dropFirst("/v1".count)) }),
            let canary = root["metadata"]?["canary"]?.stringValue.flatMap({ Int($0) })
        else { return refusal }
        let words = Canary.words(canary, count: count(canary))
        // Slow enough to be joined now and then.
        let delay = TimeAmount.microseconds(Int64(SeededGenerator.hash(UInt64(canary)) % 6) * 500)
        if root["stream"]?.booleanValue ?? false {
            let pieces =
                [AnswerForms.streamHead] + AnswerForms.events(api, words).map(AnswerForms.chunk)
                + [AnswerForms.streamEnd]
            return .init(delay: delay, interval: canary % 8 == 0 ? .microseconds(300) : .zero, count: pieces.count) {
                ByteBuffer(string: pieces[$0])
            }
        }
        let text = words.joined()
        let isCall = api == .chatCompletions && root["tools"] != nil && canary % 4 == 0
        return .init(delay: delay, AnswerForms.http(isCall ? AnswerForms.toolCall(text) : AnswerForms.body(api, text)))
    }

    private static let refusal = AnsweringServer.Answer(
        Array("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".utf8))

    /// - Returns: the canary that an answer was made with; nil if there are several, or a word is missing.
    static func canary(in body: [UInt8]) -> Int? {
        guard let number = Canary.number(in: body), Canary.number(in: body, count: count(number)) == number else {
            return nil
        }
        return number
    }

    private static func count(_ canary: Int) -> Int { 3 + canary % 5 }

    // MARK: Embeddings

    static let dimension = 32

    private static func embeddings(_ root: JSONView) -> AnsweringServer.Answer {
        var texts: [String] = []
        if let input = root["input"] { for element in input.elements { texts.append(element.stringValue ?? "") } }
        let rows = texts.enumerated().map { index, text in
            let components = embedding(text).map { "\($0)" }.joined(separator: ",")
            return #"{"object":"embedding","index":\#(index),"embedding":[\#(components)]}"#
        }
        return .init(
            AnswerForms.http(#"{"object":"list","model":"words","data":[\#(rows.joined(separator: ","))]}"#))
    }

    private static func embedding(_ text: String) -> [Float] {
        var sum = [Float](repeating: 0, count: dimension)
        for word in text.split(separator: " ") where !CampaignQuestion.politeWords.contains(String(word)) {
            var generator = SeededGenerator(state: word.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
            for index in sum.indices { sum[index] += Float.random(in: -1...1, using: &generator) }
        }
        return sum
    }
}

extension SeededGenerator {
    fileprivate static func hash(_ number: UInt64) -> UInt64 {
        var generator = SeededGenerator(state: number)
        return generator.next()
    }
}
