import CacheModel
import Testing

@testable import semblance

@Suite struct ExportLineTests {
    private let header = ExportHeader(
        namespace: "support", settings: NamespaceSettings(dimension: 2, model: "m", threshold: 0.9, capacity: 7),
        position: Position(incarnation: 3, sequence: 4))

    @Test func theFirstLineIsReadBack() throws {
        #expect(try ExportHeader(parsing: Array(header.json.line.utf8)) == header)
        #expect(try ExportHeader(parsing: Array(#"{"payload": "a"}"#.utf8)) == nil)
        #expect(try ExportHeader(parsing: Array("nonsense".utf8)) == nil)
    }

    @Test func anExportOfALaterVersionIsRefused() {
        do {
            _ = try ExportHeader(parsing: Array(#"{"semblance_export": 2}"#.utf8))
            Issue.record("it was accepted")
        } catch {
            #expect(error.code == .unsupportedFormat && error.detail["got"] == "2")
        }
    }

    @Test(arguments: [
        Dependency("kb/a"), Dependency("kb/a", .ordered(.max)), Dependency("kb/a", .labelled("x@y#z")),
        Dependency("a@b"), Dependency("a@b", .ordered(1)), Dependency("a#b", .labelled("c")),
        Dependency("a@1", .ordered(2, generation: Position(incarnation: 5, sequence: 6))),
        Dependency("é#", .ordered(3, generation: Position(incarnation: .max, sequence: .max))),
    ])
    func aDependencyIsReadBackWhateverItsNameIs(_ dependency: Dependency) throws {
        let line = #"{"payload":"","depends_on":[\#(DependencyField(dependency).json.line)]}"#
        #expect(try ImportRecord(parsing: Array(line.utf8)).dependencies == [dependency])
    }

    @Test func theBitsOfAVectorAreReadBack() throws {
        let vector: [Float] = [0.1, -0, .leastNonzeroMagnitude, 1, -.pi, 0x1.fffffep-1]
        let line = #"{"payload":"","norm":2.5,"vector_f32":"\#(VectorBits.base64(vector))"}"#
        let record = try ImportRecord(parsing: Array(line.utf8))
        #expect(record.vector?.map(\.bitPattern) == vector.map(\.bitPattern) && record.norm == 2.5)
    }

    @Test func aRowOfAnExportNeverGetsTheLeaseOfTheImport() throws {
        let lease = Lease(position: Position(incarnation: 0xab, sequence: 90), namespace: 1)
        func sequence(_ filledAt: String) throws -> UInt64? {
            let record = try ImportRecord(parsing: Array(#"{"payload":"","filled_at":"\#(filledAt)"}"#.utf8))
            return record.insertion(vector: [1], now: .now, lease: lease).lease?.position.sequence
        }
        #expect(try sequence("ab:17") == 17)
        #expect(try sequence("cd:17") == 0)
    }

    @Test(arguments: [
        (#"{"payload":"a","payload_base64":"YQ=="}"#, "exclude each other"),
        (#"{"payload_base64":"%"}"#, "no base64"), (#"{"payload":"","vector_f32":"AAA="}"#, "32-bit floats"),
        (#"{"payload":"","norm":1}"#, "there is none"), (#"{"payload":"","filled_at":"x"}"#, "'filled_at'"),
        (#"{"payload":"","vector":[1],"vector_f32":"AAAAAA=="}"#, "exclude each other"),
        (#"{"payload":"","created_at":1.5}"#, "'created_at'"),
    ])
    func aLineThatCannotBeReadSaysWhy(_ line: String, _ reason: String) {
        do throws(CacheError) {
            _ = try ImportRecord(parsing: Array(line.utf8))
            Issue.record("\(line) was accepted")
        } catch {
            #expect(error.code == .invalidArgument && error.message.contains(reason), "\(error.message)")
        }
    }
}
