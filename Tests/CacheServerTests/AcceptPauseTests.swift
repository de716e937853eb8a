import CacheServer
import Foundation
import Logging
import NIOCore
import NIOEmbedded
import Testing

@Suite struct AcceptPauseTests {
    private let channel = EmbeddedChannel()

    init() throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let handler = AcceptPause(pause: .milliseconds(100), logger: logger)
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private var autoRead: [Bool] {
        channel.options.compactMap { $0.option is ChannelOptions.Types.AutoReadOption ? $0.value as? Bool : nil }
    }

    @Test func acceptingPausesWithoutFileDescriptorsAndGoesOn() {
        #expect(autoRead.isEmpty)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
        #expect(autoRead == [false])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(99))
        #expect(autoRead == [false])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(autoRead == [true])
    }

    @Test func anErrorOfOneConnectionDoesNotPauseAccepting() {
        channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNABORTED, reason: "accept"))
        #expect(autoRead.isEmpty)
    }
}
