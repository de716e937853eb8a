/// What `Package.swift` says of its targets, read as text: enough for the plain literals that this manifest is
/// written in.
struct PackageManifest {
    /// The name of each target and the modules it depends on: siblings by name, products of other packages by product.
    private(set) var dependencies: [String: Set<String>] = [:]

    init(_ text: String) {
        for call in text.matches(of: /\.(?:target|executableTarget|systemLibrary)\(/) {
            let arguments = Self.balanced(text[call.range.upperBound...], open: "(", close: ")")
            guard let name = arguments.firstMatch(of: /name:\s*"([\w-]+)"/) else { continue }
            var modules: Set<String> = []
            if let list = arguments.firstMatch(of: /dependencies:\s*\[/) {
                let elements = Self.balanced(arguments[list.range.upperBound...], open: "[", close: "]")
                // In `.product(name: "NIOCore", package: "swift-nio")` the first string counts, the second does not.
                for element in elements.matches(of: /(package:\s*)?"([^"]+)"/) where element.1 == nil {
                    modules.insert(String(element.2))
                }
            }
            dependencies[String(name.1)] = modules
        }
    }

    /// The text up to the bracket that closes what was opened just before it.
    private static func balanced(_ text: Substring, open: Character, close: Character) -> Substring {
        var depth = 1
        for index in text.indices {
            if text[index] == open { depth += 1 }
            if text[index] == close { depth -= 1 }
            if depth == 0 { return text[..<index] }
        }
        return text
    }
}
