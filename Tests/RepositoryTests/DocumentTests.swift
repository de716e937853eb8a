import Foundation
import Testing

@Suite struct DocumentTests {
    private static let documents = Repository.files(withExtensions: ["md"])

    @Test(arguments: documents)
    func everyRelativeLinkResolves(_ document: RepositoryFile) throws {
        for (line, target) in MarkdownDocument(try document.text()).links {
            if let failure = DocumentLink.failure(of: target, in: document) {
                Issue.record("\(document.path):\(line): (\(target)) \(failure)")
            }
        }
    }

    @Test(arguments: documents)
    func everyScriptThatADocumentNamesCanBeRun(_ document: RepositoryFile) throws {
        for script in Self.scripts(namedIn: try document.text()) {
            #expect(Repository.isExecutableFile(script), "\(document.path) names \(script)")
        }
    }

    @Test func theReadmeNamesTwoCommandsAndNoOthers() throws {
        let readme = RepositoryFile(path: "README.md")
        try #require(Repository.exists(readme.path), "there is no README.md")
        #expect(Self.scripts(namedIn: try readme.text()) == ["scripts/run", "scripts/test"])
        #expect(Repository.isExecutableFile("scripts/run"))
        #expect(Repository.isExecutableFile("scripts/test"))
    }

    @Test(arguments: ["LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "docs/ARCHITECTURE.md", "docs/PROTOCOL.md"])
    func aDocumentThatPeopleLookForIsThere(_ path: String) {
        #expect(Repository.exists(path))
    }

    @Test func continuousIntegrationRunsTheTests() throws {
        #expect(Repository.isExecutableFile(".ci/run"))
        #expect(try RepositoryFile(path: ".ci/run").text().contains("scripts/test"))
    }

    @Test(arguments: [
        ("CONTRIBUTING-not.md", "does not exist"), ("../outside.md", "out of the repository"),
        ("#no-such-heading", "no anchor"), ("Package.swift#L100000", "shorter"), ("", "nowhere"),
        ("LICENSE.md#top", "does not exist"),
    ])
    func aLinkThatLeadsNowhereIsFound(_ target: String, _ reason: String) throws {
        let failure = DocumentLink.failure(of: target, in: RepositoryFile(path: "CONTRIBUTING.md"))
        #expect(try #require(failure).contains(reason))
    }

    @Test(arguments: [
        "CHANGELOG.md", "./Demo/README.md#demo-data", "/LICENSE", "Sources/CacheModel/", "Package.swift#L1",
        "https://example.com",
    ])
    func aLinkThatResolvesIsNone(_ target: String) {
        #expect(DocumentLink.failure(of: target, in: RepositoryFile(path: "CONTRIBUTING.md")) == nil)
    }

    @Test func linksAndAnchorsAreReadAsGitHubReadsThem() {
        let document = MarkdownDocument(
            """
            # The `import` table, and why
            See [one](a.md#x), ![two](<b c.png> "title"), [three][ref] and `[not](this.md)`.
            ## Again
            ```sh
            # not a heading, [not](that.md)
            ```
            ## Again
            <a id="here"></a> <img src="d.svg">

            [ref]: e.md
            """)
        #expect(document.links.map(\.target) == ["a.md#x", "b c.png", "d.svg", "e.md"])
        #expect(document.links.map(\.line) == [2, 2, 8, 10])
        #expect(document.anchors == ["the-import-table-and-why", "again", "again-1", "here"])
    }

    private static func scripts(namedIn text: String) -> Set<String> {
        Set(text.matches(of: /(?:^|[^\w\/]|\.\/)(scripts\/[\w-]+(?:\.\w+)?)/).map { String($0.1) })
    }
}
