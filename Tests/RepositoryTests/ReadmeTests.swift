import Foundation
import Testing

@Suite struct ReadmeTests {
    @Test func theExampleOfTheReadmeIsTheOneThatCompiles() throws {
        let readme = try RepositoryFile(path: "README.md").text()
        let source = try RepositoryFile(path: "Tests/SemblanceClientTests/ReadmeExample.swift").text()
        let shown = try #require(readme.firstMatch(of: /```swift\n((?s).*?)```/)).1
        let compiled = try #require(source.firstMatch(of: /\/\/ example\n((?s).*?)\/\/ end of the example/)).1
        #expect(shown == compiled)
        #expect(shown.contains("import SemblanceClient"))
    }
}
