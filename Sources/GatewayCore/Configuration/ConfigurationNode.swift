/// A configuration file as it is written, before anybody asks what it means: texts, lists and mappings, each with its
/// line.
package struct ConfigurationNode: Hashable, Sendable {
    package indirect enum Content: Hashable, Sendable {
        /// A key without a value.
        case empty
        /// Numbers and switches too are texts here.
        case text(String)
        case list([ConfigurationNode])
        /// In the order of the file.
        case mapping([Member])
    }

    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: ConfigurationNode

        package init(_ name: String, _ value: ConfigurationNode) {
            self.name = name
            self.value = value
        }
    }

    package var content: Content
    /// Counted from 1; nil when it comes from no file.
    package var line: Int?

    package init(_ content: Content, line: Int? = nil) {
        self.content = content
        self.line = line
    }

    /// What it is, with its article, for messages.
    var phrase: String {
        switch content {
        case .empty: "nothing"
        case .text(let text): "'\(text)'"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}
