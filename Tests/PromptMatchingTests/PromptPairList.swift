import FoundationEssentials

/// A list of prompt pairs in `Tests/Fixtures/prompt-pairs`.
struct PromptPairList {
    struct Row {
        let kind: String
        let first: String
        let second: String
    }

    let rows: [Row]

    /// The folder of the package.
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    init(_ name: String) throws {
        let file = Self.repository.appending(path: "Tests/Fixtures/prompt-pairs/\(name).tsv")
        let text = try String(contentsOf: file, encoding: .utf8)
        rows = text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: "\t").map(String.init)
            return fields.count == 3 ? Row(kind: fields[0], first: fields[1], second: fields[2]) : nil
        }
    }
}
