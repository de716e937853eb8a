import FoundationEssentials

/// A list of prompt pairs in `Tests/Fixtures/prompt-pairs`.
struct PromptPairList {
    struct Row {
        let kind: String
        let first: String
        let second: String
    }

    let rows: [Row]

    init(_ name: String) throws {
        // #filePath is a path of this machine, which is where the tests are built.
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: folder.appending(path: "Fixtures/prompt-pairs/\(name).tsv"), encoding: .utf8)
        rows = text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: "\t").map(String.init)
            return fields.count == 3 ? Row(kind: fields[0], first: fields[1], second: fields[2]) : nil
        }
    }
}
