import Crypto

/// The payload of an entry, format 1. Integers are LEB128 unless said otherwise.
///
///     2 bytes   "SA"
///     1 byte    format, 1
///     1 byte    API
///     8 bytes   the first of the SHA-256 of everything that follows
///     1 byte    flags: 1 usage, 2 JSON instead of text
///               created, seconds since 1970
///               if usage: input, cached, cache writes, output, reasoning tokens
///               if JSON:  length and bytes
///               if text:  length and bytes of identifier, model, finish reason, text;
///                         count of prefaces, length and bytes of each
///               count of chunks, length of each; they add up to the text
extension StoredAnswer {
    private static let magic: [UInt8] = [0x53, 0x41]
    private static let format: UInt8 = 1
    private static let headerBytes = 12

    private enum Flag {
        static let usage: UInt8 = 1
        static let json: UInt8 = 2
    }

    package func encoded() -> [UInt8] {
        var content = PayloadWriter()
        content.bytes.append((usage == nil ? 0 : Flag.usage) | (body == nil ? 0 : Flag.json))
        content.integer(Int(createdSeconds))
        if let usage {
            content.integer(usage.inputTokens)
            content.integer(usage.cachedInputTokens)
            content.integer(usage.cacheWriteInputTokens)
            content.integer(usage.outputTokens)
            content.integer(usage.reasoningTokens)
        }
        if let body {
            content.field(body.bytes)
        } else {
            content.field(Array(identifier.utf8))
            content.field(Array(model.utf8))
            content.field(Array(finishReason.utf8))
            content.field(text)
            content.integer(preface.count)
            for object in preface { content.field(object) }
        }
        content.integer(chunkEnds.count)
        var start = 0
        for end in chunkEnds {
            content.integer(end - start)
            start = end
        }
        return Self.magic + [Self.format, api.rawValue] + Self.checksum(content.bytes[...]) + content.bytes
    }

    /// Reads a payload.
    ///
    /// - Returns: nil for anything but what `encoded` makes: another format, a damaged or foreign payload.
    package init?(payload: [UInt8]) {
        guard payload.count > Self.headerBytes, Array(payload[..<2]) == Self.magic, payload[2] == Self.format,
            let api = ModelAPI(rawValue: payload[3]),
            Self.checksum(payload[Self.headerBytes...]) == Array(payload[4..<Self.headerBytes])
        else { return nil }
        var content = PayloadReader(payload[Self.headerBytes...])
        guard let flags = content.byte(), flags & ~(Flag.usage | Flag.json) == 0, let created = content.integer()
        else { return nil }
        var usage: TokenUsage?
        if flags & Flag.usage != 0 {
            guard let read = TokenUsage(&content) else { return nil }
            usage = read
        }
        if flags & Flag.json != 0 {
            guard let bytes = content.field() else { return nil }
            var answer = RecordedAnswer(api, body: Array(bytes))
            guard answer.ending == .complete, let ends = content.chunkEnds(of: answer.text) else { return nil }
            answer.chunkEnds = ends
            // What was put together while it came is newer than what the JSON says of itself.
            answer.usage = usage
            answer.createdSeconds = Int64(created)
            self.init(unchecked: answer, nowSeconds: 0)
        } else {
            guard let identifier = content.string(), let model = content.string(), let reason = content.string(),
                let text = content.field(), String(validating: text, as: UTF8.self) != nil,
                let preface = content.preface(),
                let ends = content.chunkEnds(of: Array(text))
            else { return nil }
            self.init(
                api: api, identifier: identifier, model: model, finishReason: reason, createdSeconds: Int64(created),
                usage: usage, text: Array(text), preface: preface, chunkEnds: ends)
        }
        guard content.isAtEnd else { return nil }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.withUnsafeBytes { bytes in
            var hash = SHA256()
            hash.update(bufferPointer: bytes)
            return Array(hash.finalize().prefix(8))
        }
    }
}

extension TokenUsage {
    fileprivate init?(_ content: inout PayloadReader) {
        guard let input = content.tokens(), let cached = content.tokens(), let written = content.tokens(),
            let output = content.tokens(), let reasoning = content.tokens()
        else { return nil }
        self.init(inputTokens: input, outputTokens: output)
        cachedInputTokens = cached
        cacheWriteInputTokens = written
        reasoningTokens = reasoning
    }
}

/// Writes the parts of a payload.
private struct PayloadWriter {
    var bytes: [UInt8] = []

    /// - Parameter value: not negative.
    mutating func integer(_ value: Int) {
        var rest = UInt64(clamping: value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func field(_ field: [UInt8]) {
        integer(field.count)
        bytes += field
    }
}

/// Reads the parts of a payload; nil for what is not there or out of range.
private struct PayloadReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8? { rest.popFirst() }

    /// - Returns: at least 0.
    mutating func integer() -> Int? {
        var value: UInt64 = 0
        for shift in stride(from: 0, through: 56, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte & 0x80 == 0 { return Int(exactly: value) }
        }
        return nil
    }

    mutating func field() -> ArraySlice<UInt8>? {
        guard let count = integer(), count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func string() -> String? { field().flatMap { String(validating: $0, as: UTF8.self) } }

    mutating func tokens() -> Int? {
        integer().flatMap { $0 <= 4 * AnswerLimits.tokenCount ? $0 : nil }
    }

    mutating func preface() -> [[UInt8]]? {
        guard let count = integer(), count <= AnswerLimits.prefaceCount else { return nil }
        var preface: [[UInt8]] = []
        for _ in 0..<count {
            guard let object = field().map(Array.init), let document = try? JSONDocument(object, limits: .answer),
                document.root.kind == .object
            else { return nil }
            preface.append(object)
        }
        return preface
    }

    /// Chunks are not empty, end between scalars, and add up to the text if there are any.
    mutating func chunkEnds(of text: [UInt8]) -> [Int]? {
        // Each takes a byte at least, so no count is believed that the bytes do not bear out.
        guard let count = integer(), count <= rest.count else { return nil }
        var ends: [Int] = []
        ends.reserveCapacity(count)
        var end = 0
        for _ in 0..<count {
            guard let length = integer(), length > 0, length <= text.count - end else { return nil }
            end += length
            guard end == text.count || text[end] & 0xc0 != 0x80 else { return nil }
            ends.append(end)
        }
        return count == 0 || end == text.count ? ends : nil
    }
}
