import BenchmarkHarness
import Foundation
import ServiceLoad
import Testing

/// Replies as `Tests/Fixtures/frames` has them, byte for byte.
@Suite struct ServiceReplyTests {
    private func frame(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/frames")
        let text = try String(contentsOf: folder.appending(path: "\(name).hex"), encoding: .utf8)
        return text.split(separator: "\n").flatMap { line in
            line.prefix { $0 != "#" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        }
    }

    private func reply(_ bytes: [UInt8]) throws -> (identifier: UInt64, reply: ServiceReply) {
        try bytes.withUnsafeBytes { bytes in
            let header = try #require(try ServiceReply.Header(bytes))
            #expect(try ServiceReply.length(bytes) == bytes.count)
            return (header.identifier, try ServiceReply(header, body: .init(rebasing: bytes[20...])))
        }
    }

    @Test func aHitTellsItsSearchTime() throws {
        let (identifier, reply) = try reply(try frame("lookup-reply"))
        #expect(identifier == 72_623_859_790_382_856)
        #expect(reply == .lookup(isHit: true, searchNanoseconds: 25_000))
    }

    @Test func aStoredBatchIsDone() throws {
        var bytes = try frame("insert-reply")
        // The fixture has all three outcomes; without the refused one it is a success.
        #expect(try reply(bytes).reply != .done)
        bytes.replaceSubrange(20..<22, with: [2, 0])
        #expect(try reply(bytes).reply == .done)
    }

    @Test func anErrorTellsItsCode() throws {
        let (_, reply) = try reply(try frame("error-reply"))
        guard case .refused(let code) = reply else { throw Failure("no refusal: \(reply)") }
        #expect(ServiceReply.name(of: code) != "error \(code)")
    }

    @Test func aLookupThatIsRefusedAloneIsARefusal() throws {
        let whole = try frame("lookup-reply")
        // The third outcome of the fixture is the refused one; what the outcome has is the last of the frame.
        let refused = try #require(
            whole.indices.dropFirst(22).last {
                whole[$0] == 0 && whole[$0...].starts(with: [0, 0x44, 0x7d, 0x2e, 0x9b])
            })
        var bytes = Array(whole[..<22]) + whole[refused...]
        bytes.replaceSubrange(8..<12, with: withUnsafeBytes(of: UInt32(bytes.count - 20).littleEndian, Array.init))
        #expect(try reply(bytes).reply == .refused(10))
    }

    @Test func aHeaderThatIsNotWholeIsAwaited() throws {
        let bytes = try frame("ping-reply")
        for count in 0..<20 { #expect(try bytes[..<count].withUnsafeBytes { try ServiceReply.Header($0) } == nil) }
    }

    @Test(arguments: [0, 4, 6])
    func whatIsNoReplyIsRefused(_ offset: Int) throws {
        var bytes = try frame("ping-reply")
        bytes[offset] ^= 0x41
        #expect(throws: Failure.self) { try bytes.withUnsafeBytes { _ = try ServiceReply.Header($0) } }
    }

    @Test(arguments: ["lookup-reply", "insert-reply", "error-reply"])
    func aBodyThatIsCutOffNeverTraps(_ name: String) throws {
        let bytes = try frame(name)
        for count in 20..<bytes.count {
            bytes[..<count].withUnsafeBytes { cut in
                guard let header = try? ServiceReply.Header(cut) else { return }
                _ = try? ServiceReply(header, body: .init(rebasing: cut[20...]))
            }
        }
    }

    @Test func identifiersAreWrittenWhereTheProtocolHasThem() throws {
        var pings = try ServiceFrame.pings(3)
        ServiceFrame.setIdentifier(77, of: &pings, at: 40)
        #expect(pings.count == 60)
        #expect(pings[12] == 1 && pings[32] == 2 && pings[52] == 77)
    }
}
