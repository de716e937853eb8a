import Foundation
import Testing

@Suite struct PackageManifestTests {
    private let text: String
    private let manifest: PackageManifest

    init() throws {
        text = try RepositoryFile(path: "Package.swift").text()
        manifest = PackageManifest(text)
    }

    @Test func everyTargetDeclaresExactlyWhatTheTableLetsItImport() throws {
        for (target, modules) in ImportTable.modules.merging(ImportTable.benchmarks, uniquingKeysWith: { $1 }) {
            let declared = try #require(manifest.dependencies[target], "\(target) is not in Package.swift")
            let allowed = modules.subtracting(ImportTable.toolchain)
            #expect(declared == allowed, "\(target) in Package.swift and in the table")
        }
    }

    @Test func cTargetsDependOnNothing() throws {
        for target in ImportTable.headers.keys {
            #expect(try #require(manifest.dependencies[target], "\(target) is not in Package.swift").isEmpty)
        }
    }

    @Test func theCompilerIsNeverToldToSkipItsChecks() {
        #expect(!text.contains("unsafeFlags"))
        #expect(!text.contains("-Ounchecked"))
    }

    @Test func dependenciesAreReadFromALiteralManifest() {
        let manifest = PackageManifest(
            """
            targets: [
                .systemLibrary(name: "Low", pkgConfig: "low", providers: [.apt(["low-dev"])]),
                .target(name: "Alone"),
                .executableTarget(
                    name: "Top",
                    dependencies: ["Alone", .product(name: "Logging", package: "swift-log"), "Low"],
                    swiftSettings: settings),
            ]
            """)
        #expect(manifest.dependencies == ["Low": [], "Alone": [], "Top": ["Alone", "Logging", "Low"]])
    }
}
