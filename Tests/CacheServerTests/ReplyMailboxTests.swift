import CacheModel
import CacheProtocol
import CacheServer
import Synchronization
import Testing

@Suite struct ReplyMailboxTests {
    private final class Wakes: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test func theLoopIsWokenOnceForRepliesThatComeTogether() {
        let wakes = Wakes()
        let mailbox = ReplyMailbox(gauge: ByteGauge(limitBytes: 100), limitBytes: 100) {
            wakes.count.add(1, ordering: .relaxed)
        }
        var items: [ReplyMailbox.Item] = []
        for identifier in UInt64(1)...3 { mailbox.put(.ping([]), identifier: identifier) }
        #expect(wakes.count.load(ordering: .relaxed) == 1)
        mailbox.take(into: &items)
        #expect(items.map(\.identifier) == [1, 2, 3])
        mailbox.put(.ping([]), identifier: 4)
        #expect(wakes.count.load(ordering: .relaxed) == 2)
    }

    @Test func repliesBeyondTheConnectionsRoomAreOverloadedButOneIsLetIn() {
        let gauge = ByteGauge(limitBytes: 10_000)
        let mailbox = ReplyMailbox(gauge: gauge, limitBytes: 100) {}
        mailbox.put(.get(.sample(payloadBytes: 500)), identifier: 1)
        mailbox.put(.get(.sample(payloadBytes: 1)), identifier: 2)
        mailbox.put(.ping([]), identifier: 3)
        var items: [ReplyMailbox.Item] = []
        mailbox.take(into: &items)
        #expect(items.map(\.reply.error?.code) == [nil, .overloaded, nil])
        #expect(items.map(\.carriedBytes) == [500, 0, 0])
        #expect(gauge.heldBytes == 500)
    }

    @Test func repliesBeyondTheProcessesRoomAreOverloaded() {
        let gauge = ByteGauge(limitBytes: 700)
        var items: [ReplyMailbox.Item] = []
        for expected in [nil, CacheError.Code.overloaded] {
            let mailbox = ReplyMailbox(gauge: gauge, limitBytes: 10_000) {}
            mailbox.put(.get(.sample(payloadBytes: 500)), identifier: 1)
            mailbox.take(into: &items)
            #expect(items.map(\.reply.error?.code) == [expected])
        }
        #expect(gauge.heldBytes == 500)
    }
}
