import CacheModel
import Testing

@testable import semblance

@Suite struct TextFormTests {
    @Test(
        arguments: [
            ("500ms", 500), ("90s", 90_000), ("30m", 1_800_000), ("1h", 3_600_000), ("7d", 604_800_000),
        ] as [(String, Int64)])
    func aSpanOfTimeHasAUnit(_ text: String, _ milliseconds: Int64) throws {
        #expect(try DurationText.milliseconds(parsing: text) == milliseconds)
    }

    @Test(arguments: [
        "", "1", "h", "0s", "-1s", "1.5h", "1 h", "1w", "٣s", "99999999999999999999d", "9223372036854775807d",
    ])
    func whatIsNoSpanOfTimeIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try DurationText.milliseconds(parsing: text) }
    }

    @Test(
        arguments: [
            (1, "1ms"), (999, "999ms"), (1_000, "1s"), (1_250, "1.3s"), (60_000, "1m"), (3_599_999, "59m 59s"),
            (3_600_000, "1h"), (3_605_000, "1h"), (90_061_000, "1d 1h"), (604_800_000, "7d"),
        ] as [(Int64, String)])
    func aSpanOfTimeIsShownInItsLargestUnits(_ milliseconds: Int64, _ text: String) {
        #expect(DurationText.text(milliseconds: milliseconds) == text)
    }

    @Test(arguments: [
        ("65536", 65_536), ("64KiB", 65_536), ("100MB", 100_000_000), ("256GiB", 256 << 30), ("1 GiB", 1 << 30),
    ])
    func aSizeMayHaveAUnit(_ text: String, _ bytes: Int) throws {
        #expect(try ByteCountText.bytes(parsing: text) == bytes)
    }

    @Test(arguments: ["", "GiB", "1.5GiB", "-1", "1XB", "9223372036854775807KiB", "99999999999999999999"])
    func whatIsNoSizeIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try ByteCountText.bytes(parsing: text) }
    }

    @Test(arguments: [
        ("kb/shipping", Dependency("kb/shipping")), ("kb/refunds@42", Dependency("kb/refunds", .ordered(42))),
        ("docs/api#9f3c1e7", Dependency("docs/api", .labelled("9f3c1e7"))),
        ("etag#\"a@b#c\"", Dependency("etag", .labelled("\"a@b#c\""))),
        (
            "kb/refunds@42~00c1f3a09b2e7d44:17",
            Dependency(
                "kb/refunds", .ordered(42, generation: Position(incarnation: 0x00c1_f3a0_9b2e_7d44, sequence: 17)))
        ),
        ("a@18446744073709551615", Dependency("a", .ordered(.max))),
    ])
    func aDependencyReadsAsItIsWritten(_ text: String, _ dependency: Dependency) throws {
        #expect(try DependencyText.parse(text) == dependency)
        #expect(DependencyText.text(dependency) == text)
    }

    @Test(arguments: [
        "", "@42", "#label", "a@", "a#", "a@x", "a@-1", "a@+1", "a@18446744073709551616", "a@42~", "a@42~17", "a@1~x:1",
        "a#" + String(repeating: "l", count: 129), String(repeating: "s", count: 256),
    ])
    func whatIsNoDependencyIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try DependencyText.parse(text) }
    }

    @Test func aVectorIsReadFromItsTextOrAFile() throws {
        #expect(try VectorText.parse("0.5,-1e-3, 2") == [0.5, -0.001, 2])
        let folder = try TemporaryFolder()
        let path = try folder.write("v.json", "[0.5, -1, 2]")
        #expect(try VectorText.parse("@" + path) == [0.5, -1, 2])
    }

    @Test(arguments: [
        "", ",", "1,,2", "1,x", "nan", "1,inf", "@/nowhere/at/all", String(repeating: "1,", count: 4_096) + "1",
    ])
    func whatIsNoVectorIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try VectorText.parse(text) }
    }

    @Test func aFileThatIsNoArrayOfNumbersIsRefused() throws {
        let folder = try TemporaryFolder()
        for (index, text) in ["", "{}", "[]", "[\"1\"]", "[1", "[[1]]"].enumerated() {
            let path = try folder.write("\(index).json", text)
            #expect(throws: CacheError.self) { try VectorText.parse("@" + path) }
        }
    }

    @Test func dollarsAreNanodollarsInARange() {
        #expect(ArgumentText.nanodollars(0.0004) == 400_000)
        #expect(ArgumentText.nanodollars(-0.1) == nil)
        #expect(ArgumentText.nanodollars(.nan) == nil)
        #expect(ArgumentText.nanodollars(1e300) == nil)
    }

    @Test(arguments: [
        ("lookup", "lookup"), ("kb/refunds@41", "kb/refunds@41"), ("docs/api#9f3c1e7", "docs/api#9f3c1e7"),
        ("#label", "'#label'"), ("", "''"), ("two words", "'two words'"), ("it's", #"'it'\''s'"#), ("$HOME", "'$HOME'"),
    ])
    func aWordIsQuotedForAShellWhereItMustBe(_ word: String, _ quoted: String) {
        #expect(CommandText.quoted(word) == quoted)
    }

    @Test func numbersAreEasyToRead() {
        #expect(NumberText.grouped(0) == "0")
        #expect(NumberText.grouped(-1_234_567) == "-1,234,567")
        #expect(NumberText.grouped(.min) == "-9,223,372,036,854,775,808")
        #expect(NumberText.fixed(0.93684, digits: 4) == "0.9368")
        #expect(NumberText.fixed(-0.004, digits: 2) == "0.00")
        #expect(NumberText.fixed(12.96, digits: 1) == "13.0")
        #expect(NumberText.fixed(.nan, digits: 1) == "nan")
        #expect(NumberText.microseconds(.milliseconds(1_204)) == "1,204,000 µs")
    }
}
