/// A command as a shell takes it, for a person to copy.
enum CommandText {
    static func quoted(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:,@%+=".utf8.contains(byte)
            }
        }
        if isPlain, !word.isEmpty { return word }
        // '#' begins a comment at the start of a word only.
        if !word.isEmpty, !word.hasPrefix("#"), quoted(word.filter { $0 != "#" }) == word.filter({ $0 != "#" }) { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
