import CacheModel
import Testing

@testable import semblance

@Suite struct NumPyFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func message(_ bytes: [UInt8]) throws -> String {
        let path = try folder.write("a.npy", bytes)
        do throws(CacheError) {
            _ = try NumPyFile(path)
            return "accepted"
        } catch {
            #expect(error.code == .invalidArgument)
            return error.message
        }
    }

    @Test(arguments: [UInt8(1), 2, 3])
    func everyVersionOfTheFormatIsRead(_ version: UInt8) throws {
        let rows: [[Float]] = [[1, -2.5, 3], [0, .infinity, 1e-30]]
        let file = try NumPyFile(try folder.write("a.npy", NumPyBytes.float32(rows, version: version)))
        #expect(file.rowCount == 2)
        #expect(file.dimension == 3)
        #expect(try file.rows(0..<2) == rows)
        #expect(try file.rows(1..<2) == [rows[1]])
    }

    @Test func halvesAndDoublesAreReadAsFloats() throws {
        let halves: [UInt16] = [0x3c00, 0xc000, 0x0001, 0x7bff]
        let half = NumPyBytes.header(NumPyBytes.dictionary("<f2", "(2, 2)")) + halves.flatMap(NumPyBytes.littleEndian)
        let file = try NumPyFile(try folder.write("a.npy", half))
        #expect(try file.rows(0..<2) == [[1, -2], [0x1p-24, 65_504]])
        let doubles = [0.1, -1e300].flatMap { NumPyBytes.littleEndian($0.bitPattern) }
        let double = NumPyBytes.header(NumPyBytes.dictionary("<f8", "(1, 2)")) + doubles
        #expect(try NumPyFile(try folder.write("b.npy", double)).rows(0..<1) == [[0.1, -.infinity]])
    }

    @Test func fortranOrderIsRefusedByName() throws {
        let bytes = NumPyBytes.header(NumPyBytes.dictionary("<f4", "(1, 1)", isFortran: true)) + [0, 0, 0, 0]
        #expect(try message(bytes).contains("Fortran order"))
    }

    @Test func bigEndianNumbersAreRefusedByName() throws {
        let bytes = NumPyBytes.header(NumPyBytes.dictionary(">f4", "(1, 1)")) + [0, 0, 0, 0]
        #expect(try message(bytes).contains("big-endian"))
    }

    @Test(arguments: ["<i4", "|u1", "<c8", "<f16", "|O"])
    func otherNumbersAreRefusedByName(_ descr: String) throws {
        #expect(try message(NumPyBytes.header(NumPyBytes.dictionary(descr, "(1, 1)")) + [0, 0, 0, 0]).contains(descr))
    }

    @Test(arguments: ["()", "(4,)", "(1, 2, 2)"])
    func onlyTwoDimensionsAreTaken(_ shape: String) throws {
        let bytes = NumPyBytes.header(NumPyBytes.dictionary("<f4", shape)) + [UInt8](repeating: 0, count: 16)
        #expect(try message(bytes).contains("and not 2"))
    }

    @Test(arguments: ["(1, 0)", "(1, 4097)", "(4096, 99999999)"])
    func aVectorHasOneThrough4096Components(_ shape: String) throws {
        #expect(try message(NumPyBytes.header(NumPyBytes.dictionary("<f4", shape))).contains("components"))
    }

    @Test(arguments: [
        "(9223372036854775807, 4096)", "(9223372036854775807, 1)", "(4611686018427387904, 4)", "(1000000000, 384)",
        "(2, 1)", "(0, 1)",
    ])
    func aShapeThatTheFileDoesNotHoldIsRefused(_ shape: String) throws {
        let bytes = NumPyBytes.header(NumPyBytes.dictionary("<f4", shape)) + [0, 0, 0, 0]
        #expect(try message(bytes).contains("not what its shape"))
    }

    @Test func anEmptyFileOfRowsHasNone() throws {
        let path = try folder.write("a.npy", NumPyBytes.header(NumPyBytes.dictionary("<f4", "(0, 384)")))
        #expect(try NumPyFile(path).rowCount == 0)
    }

    @Test(arguments: [
        "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), 'more': 'x'}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [1, 1]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1)}", "(", "'", "{'",
        "{'descr': [('a', '<f4')]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)} and more",
    ])
    func aHeaderThatSaysSomethingElseIsRefused(_ dictionary: String) throws {
        #expect(try message(NumPyBytes.header(dictionary) + [0, 0, 0, 0]).contains("cannot be imported"))
    }

    @Test func aHeaderLongerThanTheFileIsRefused() throws {
        let prefix: [UInt8] = [0x93] + Array("NUMPY".utf8)
        #expect(try message(prefix + [2, 0, 0xff, 0xff, 0xff, 0xff, 0x7b]).contains("too long"))
        #expect(try message(prefix + [1, 0, 0xff, 0xff, 0x7b, 0x7d]).contains("ends after"))
        #expect(try message(prefix + [9, 0, 0, 0, 0, 0]).contains("version 9.0"))
        #expect(try message(NumPyBytes.header("{}", magic: Array("\u{93}numpy".utf8))).contains("does not begin"))
    }

    @Test func everyPrefixOfAFileIsRefused() throws {
        let whole = NumPyBytes.float32([[1, 2], [3, 4]])
        for count in 0..<whole.count { #expect(try message(Array(whole.prefix(count))) != "accepted") }
        #expect(try message(whole) == "accepted")
        #expect(try message(whole + [0]) != "accepted")
    }

    /// Whatever bytes stand in the header, the answer is an error or the rows, never a trap.
    @Test func garbageNeverTraps() throws {
        var generator = SeededGenerator(seed: 0x5eed_0001)
        let whole = NumPyBytes.float32([[1, 2], [3, 4]])
        for _ in 0..<2_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0 ... .max, using: &generator)
            }
            let path = try folder.write("a.npy", bytes)
            guard let file = try? NumPyFile(path) else { continue }
            #expect(try file.rows(0..<file.rowCount).count == file.rowCount)
        }
    }

    @Test func aFileThatIsShortenedMeanwhileIsAnError() throws {
        let path = try folder.write("a.npy", NumPyBytes.float32([[1, 2], [3, 4]]))
        let file = try NumPyFile(path)
        try truncateFile(path, to: file.header.dataOffset + 8)
        #expect(try file.rows(0..<1) == [[1, 2]])
        #expect(throws: CacheError.self) { try file.rows(0..<2) }
    }

    @Test func theFolderOrAMissingFileIsNamed() throws {
        #expect(throws: CacheError.self) { try NumPyFile(folder.path) }
        let missing = folder.file("missing.npy")
        do throws(CacheError) {
            _ = try NumPyFile(missing)
            Issue.record("there is no such file")
        } catch {
            #expect(error.message.contains(missing))
        }
    }
}
