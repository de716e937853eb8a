import Foundation

/// A document as far as its links go: what it points to, and what can be pointed to in it.
struct MarkdownDocument {
    /// Targets of links, images and reference definitions, with the line they stand on.
    private(set) var links: [(line: Int, target: String)] = []
    /// What a `#fragment` may name: headings in GitHub's spelling, and explicit `id`s.
    private(set) var anchors: Set<String> = []

    init(_ text: String) {
        var fence: String?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let mark = line.firstMatch(of: /^\s*(?:>\s*)*(```+|~~~+)/).map { String($0.1) }
            if let open = fence {
                if let mark, mark.hasPrefix(open) { fence = nil }
                continue
            }
            if let mark {
                fence = mark
                continue
            }
            addAnchors(of: String(line))
            addLinks(of: String(line.replacing(/`+[^`]*`+/, with: "")), atLine: index + 1)
        }
    }

    private mutating func addAnchors(of line: String) {
        if let heading = line.firstMatch(of: /^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$/) {
            let name = Self.anchor(ofHeading: String(heading.1))
            var unique = name
            var count = 0
            while !anchors.insert(unique).inserted {
                count += 1
                unique = "\(name)-\(count)"
            }
        }
        for match in line.matches(of: /<\w+[^>]*\b(?:id|name)="([^"]+)"/) { anchors.insert(String(match.1)) }
    }

    private mutating func addLinks(of line: String, atLine number: Int) {
        for match in line.matches(of: /\]\(\s*(?:<([^>]*)>|([^)\s]*))/) {
            links.append((number, String(match.1 ?? match.2 ?? "")))
        }
        if let definition = line.firstMatch(of: /^\s{0,3}\[[^\]^]+\]:\s*<?([^\s>]+)/) {
            links.append((number, String(definition.1)))
        }
        for match in line.matches(of: /<(?:a|img)\b[^>]*\b(?:href|src)="([^"]+)"/) {
            links.append((number, String(match.1)))
        }
    }

    /// GitHub's rule: lower case, spaces to hyphens, everything else but letters, digits, `-` and `_` left out.
    static func anchor(ofHeading heading: String) -> String {
        let words = heading.replacing(/\[([^\]]*)\]\([^)]*\)/) { String($0.1) }
        return String(
            words.lowercased().compactMap { character -> Character? in
                if character == " " { return "-" }
                return character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
            })
    }
}

/// Where a relative link leads, and whether there is anything.
enum DocumentLink {
    /// Why the target of a link in `document` does not resolve; nil when it does, or leads out into the world.
    static func failure(of target: String, in document: RepositoryFile) -> String? {
        guard !target.isEmpty else { return "leads nowhere" }
        guard target.firstMatch(of: /^(?:[a-z][a-z0-9+.-]*:|\/\/)/) == nil else { return nil }
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        guard let file = path(String(parts[0]), from: document.path) else { return "leads out of the repository" }
        guard Repository.exists(file) else { return "\(file) does not exist" }
        guard parts.count == 2 else { return nil }
        let fragment = String(parts[1]).removingPercentEncoding ?? String(parts[1])
        guard let text = try? RepositoryFile(path: file).text() else { return "\(file) has no anchors" }
        if let lines = fragment.wholeMatch(of: /L(\d+)(?:-L(\d+))?/), !file.hasSuffix(".md") {
            let last = Int(lines.2 ?? lines.1) ?? .max
            return last <= SourceRules.lineCount(of: text) ? nil : "\(file) is shorter than \(last) lines"
        }
        return MarkdownDocument(text).anchors.contains(fragment) ? nil : "\(file) has no anchor #\(fragment)"
    }

    /// The path from the root of what `link` names, seen from a document; nil above the root.
    private static func path(_ link: String, from document: String) -> String? {
        guard !link.isEmpty else { return document }
        let link = link.removingPercentEncoding ?? link
        var parts = link.hasPrefix("/") ? [] : document.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }
}
