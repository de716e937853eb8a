/// A command as a shell takes it, for a person to copy.
enum CommandText {
    static func quoted(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    static func quoted(_ word: String) -> String {
        // '#' and '~' mean something to a shell only where a word begins.
        if let first = word.utf8.first, isPlain(first), word.utf8.allSatisfy({ isPlain($0) || "#~".utf8.contains($0) })
        {
            return word
        }
        let pieces = word.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + pieces.joined(separator: #"'\''"#) + "'"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./:,@%+=".utf8.contains(byte)
        }
    }
}
