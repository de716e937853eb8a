/// One block of an event stream: an event, or comments that keep the connection alive.
package struct ServerSentEvent: Hashable, Sendable {
    /// The `event` field; nil when there is none, which means `message`.
    package var name: String?
    /// The lines of data, joined by line feeds; nil when there is no `data` field, so that it is no event.
    package var data: [UInt8]?
    package var identifier: String?
    /// The block as it came, its blank line included, to be sent on.
    package var raw: [UInt8]
}

/// Reads an event stream by the WHATWG's rules, however it is cut into pieces.
///
/// Lines end in CR, LF or both; a byte order mark at the beginning is skipped; a block that no blank line ends is no
/// event. What all `raw` hold together, and `remainder` after them, is the stream byte for byte, but for the order mark.
package struct ServerSentEventParser: Sendable {
    /// A block grew beyond the limit: the stream cannot be read any further.
    package struct TooLarge: Error, Hashable, Sendable {
        package var limitBytes: Int
    }

    private let limitBytes: Int
    private var raw: [UInt8] = []
    /// Where in `raw` the line begins that is being read.
    private var lineStart = 0
    private var isAfterCarriageReturn = false
    private var isBlockBegun = false
    /// How much of a byte order mark has been seen; nil when it is past.
    private var markBytes: Int? = 0
    private var event = ServerSentEvent(name: nil, data: nil, identifier: nil, raw: [])

    /// - Parameter limitBytes: of one block. `response.completed` has a whole answer in it.
    package init(limitBytes: Int = AnswerLimits.eventBytes) { self.limitBytes = limitBytes }

    /// What has come and is not a whole block yet. At the end of a stream it is no event.
    package var remainder: [UInt8] { raw }

    /// - Returns: the blocks that are complete now.
    /// - Throws: when a block is too large. The blocks before it are not returned, and nothing can be appended any
    ///   more.
    package mutating func append(_ bytes: some Sequence<UInt8>) throws(TooLarge) -> [ServerSentEvent] {
        let result =
            bytes.withContiguousStorageIfAvailable { take($0) } ?? Array(bytes).withUnsafeBufferPointer { take($0) }
        return try result.get()
    }

    private mutating func take(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<[ServerSentEvent], TooLarge> {
        var events: [ServerSentEvent] = []
        var position = 0
        while markBytes != nil, position < bytes.count, skipsMark(bytes[position]) { position += 1 }
        while position < bytes.count {
            // What is in the line, then one byte of what ends it.
            var end = position
            while end < bytes.count, bytes[end] != Self.lineFeed, bytes[end] != Self.carriageReturn { end += 1 }
            if end > position { isAfterCarriageReturn = false }
            let taken = min(end < bytes.count ? end + 1 - position : end - position, limitBytes - raw.count)
            raw += UnsafeBufferPointer(rebasing: bytes[position..<position + taken])
            position += taken
            guard position > end || position == bytes.count else { return .failure(TooLarge(limitBytes: limitBytes)) }
            guard position > end else { break }
            if bytes[end] == Self.lineFeed, isAfterCarriageReturn {
                // The second half of a line's end.
                isAfterCarriageReturn = false
                lineStart = raw.count
            } else {
                isAfterCarriageReturn = bytes[end] == Self.carriageReturn
                if endLine() { events.append(takeEvent()) }
            }
        }
        return .success(events)
    }

    private static let lineFeed: UInt8 = 0x0a
    private static let carriageReturn: UInt8 = 0x0d
    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]

    /// Whether a byte belongs to the order mark at the beginning.
    private mutating func skipsMark(_ byte: UInt8) -> Bool {
        let seen = markBytes ?? 0
        if byte == Self.mark[seen] {
            markBytes = seen + 1 < Self.mark.count ? seen + 1 : nil
            return true
        }
        raw += Self.mark[..<seen]
        markBytes = nil
        return false
    }

    /// Takes the line that has just ended.
    ///
    /// - Returns: whether it ends a block. Blank lines between blocks go with the one that follows.
    private mutating func endLine() -> Bool {
        let line = raw[lineStart..<raw.count - 1]
        lineStart = raw.count
        guard !line.isEmpty else { return isBlockBegun }
        isBlockBegun = true
        field(of: line)
        return false
    }

    private mutating func field(of line: ArraySlice<UInt8>) {
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == 0x20 { value = value.dropFirst() }
        switch String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self) {
        case "data":
            if event.data == nil {
                event.data = Array(value)
            } else {
                event.data?.append(Self.lineFeed)
                event.data?.append(contentsOf: value)
            }
        case "event": event.name = String(decoding: value, as: UTF8.self)
        case "id" where !value.contains(0): event.identifier = String(decoding: value, as: UTF8.self)
        default: break
        }
    }

    private mutating func takeEvent() -> ServerSentEvent {
        event.raw = raw
        defer {
            event = ServerSentEvent(name: nil, data: nil, identifier: nil, raw: [])
            raw = []
            lineStart = 0
            isBlockBegun = false
        }
        return event
    }
}
