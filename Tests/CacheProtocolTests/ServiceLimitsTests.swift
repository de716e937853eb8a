import CacheModel
import CacheProtocol
import NIOCore
import Testing

@Suite struct ServiceLimitsTests {
    /// In the body of the fixture: version, server version, position and capabilities stand before the limits.
    private static let countOffset = 1 + 2 + 5 + 16 + 8

    /// Reads the fixture's reply to HELLO with other limits in it.
    private func read(_ change: (inout [(number: UInt16, value: UInt64)]) -> Void) throws -> Reply {
        let fixture = try HexFixture.bytes("hello-reply").dropFirst(FrameHeader.bytes)
        var body = ByteBuffer(bytes: fixture.prefix(Self.countOffset))
        var limits = ServiceLimits.Name.allCases.map {
            (number: $0.rawValue, value: UInt64(ServiceLimits.current[$0]))
        }
        change(&limits)
        body.writeInteger(UInt16(limits.count), endianness: .little)
        for (number, value) in limits {
            body.writeInteger(number, endianness: .little)
            body.writeInteger(value, endianness: .little)
        }
        let header = FrameHeader(opcode: .hello, flags: .reply, requestIdentifier: 1)
        return try Reply(Frame(header: header, body: body))
    }

    private func limits(_ reply: Reply) -> ServiceLimits? {
        guard case .hello(let hello) = reply else { return nil }
        return hello.limits
    }

    @Test func limitsAreReadInAnyOrderAndUnknownOnesAreIgnored() throws {
        #expect(limits(try read { _ in }) == .current)
        #expect(limits(try read { $0.reverse() }) == .current)
        #expect(limits(try read { $0.insert((9_999, 7), at: 3) }) == .current)
    }

    @Test func anotherServersLimitsAreTakenAsTheyAre() throws {
        let other = limits(try read { $0[1].value = 16 })
        #expect(other?[.batchCount] == 16)
        #expect(other?[.frameBytes] == Limits.frameBytes)
        // A value beyond what an Int holds is no reason to trap.
        #expect(limits(try read { $0[0].value = .max })?[.frameBytes] == .max)
    }

    @Test func aLimitThatIsMissingOrGivenTwiceIsMalformed() {
        let missing = #expect(throws: CacheError.self) { try read { $0.removeLast() } }
        #expect(missing?.code == .malformedFrame)
        let twice = #expect(throws: CacheError.self) { try read { $0.append($0[0]) } }
        #expect(twice?.code == .malformedFrame)
    }
}
