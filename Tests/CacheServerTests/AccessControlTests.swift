import CacheAccess
import CacheEngine
import CacheModel
import CacheProtocol
import CacheServer
import Foundation
import NIOCore
import Synchronization
import Testing

/// What becomes of tokens, and of connections that were opened with them, while a server runs.
@Suite struct AccessControlTests {
    private let tokens: TestTokens

    init() throws { tokens = try TestTokens() }

    private func connection(_ control: AccessControl, token: String) throws -> EmbeddedConnection {
        var connection = try EmbeddedConnection(access: control)
        try connection.send(.hello(HelloRequest(clientName: "test", token: Array(token.utf8))), 1)
        guard case .hello? = try connection.replies().first?.reply else {
            throw CacheError(.internalError, "not let in")
        }
        return connection
    }

    /// The error of a lookup; nil when it went to the engine.
    private func lookup(_ connection: inout EmbeddedConnection, _ identifier: UInt64) throws -> CacheError.Code? {
        try connection.send(.lookup(), identifier)
        return try connection.replies().first?.reply.error?.code
    }

    @Test func aForbiddenRequestDoesNothing() throws {
        let token = try tokens.create("t", .lookup)
        var connection = try connection(try tokens.control(), token: token)
        var identifier: UInt64 = 2
        for request in AccessTests.requests
        where AccessTests.needed(request.opcode).first.map({ $0 != .lookup }) ?? false {
            try connection.send(request, identifier)
            #expect(try connection.replies().first?.reply.error?.code == .forbidden, "\(request.opcode)")
            identifier += 1
        }
        #expect(identifier > 10)
        #expect(connection.executor.take().isEmpty)
    }

    // MARK: Live connections

    @Test func theNextRequestAfterARevocationEndsTheConnection() throws {
        let token = try tokens.create("t")
        try tokens.create("other")
        let control = try tokens.control()
        var connection = try connection(control, token: token)
        #expect(try lookup(&connection, 2) == nil)
        try tokens.revoke("t")
        control.refresh()
        // What was asked before is answered.
        try connection.send(.ping([1]), 3)
        let waiting = connection.executor.take()
        #expect(waiting.count == 1)
        waiting.first?.answer(.lookup([.miss]))
        let replies = try connection.replies()
        #expect(replies.map(\.identifier) == [2, 3])
        #expect(replies.last?.reply.error?.code == .unauthenticated)
        connection.pass(.seconds(1))
        #expect(!connection.isOpen)
    }

    @Test func aPingDoesNotOutliveItsToken() throws {
        let token = try tokens.create("t")
        let control = try tokens.control()
        var connection = try connection(control, token: token)
        // PINGs that nothing else waits beside are answered from their bytes, past the rest.
        try connection.send(.ping([1]), 2)
        #expect(try connection.replies().first?.reply == .ping([1]))
        try tokens.revoke("t")
        control.refresh()
        try connection.send(.ping([1]), 3)
        #expect(try connection.replies().first?.reply.error?.code == .unauthenticated)
    }

    @Test func aTokenThatRunsOutEndsItsConnections() throws {
        let token = try tokens.create("t", lifetimeMilliseconds: 60_000)
        let control = try tokens.control()
        var connection = try connection(control, token: token)
        tokens.pass(milliseconds: 59_999)
        control.refresh()
        #expect(try lookup(&connection, 2) == nil)
        tokens.pass(milliseconds: 1)
        control.refresh()
        connection.executor.take().forEach { $0.answer(.lookup([.miss])) }
        _ = try connection.replies()
        #expect(try lookup(&connection, 3) == .unauthenticated)
    }

    @Test func theOldSecretHoldsForTheGraceOnOldAndNewConnections() throws {
        let old = try tokens.create("t")
        let control = try tokens.control()
        var opened = try connection(control, token: old)
        let new = try tokens.rotate("t", graceMilliseconds: 10_000)
        control.refresh()
        #expect(try lookup(&opened, 2) == nil)
        _ = try connection(control, token: old)
        var renewed = try connection(control, token: new)
        tokens.pass(milliseconds: 10_000)
        // A new connection is refused on the moment, an old one when the server has looked.
        #expect(throws: CacheError.self) { _ = try connection(control, token: old) }
        control.refresh()
        opened.executor.take().forEach { $0.answer(.lookup([.miss])) }
        _ = try opened.replies()
        #expect(try lookup(&opened, 3) == .unauthenticated)
        #expect(try lookup(&renewed, 2) == nil)
    }

    @Test func aTokenThatIsMadeAnewWithLessIsWorthLessAtOnce() throws {
        let token = try tokens.create("t")
        let control = try tokens.control()
        var connection = try connection(control, token: token)
        let list = try #require(try tokens.file.load()?.list)
        let narrowed = list.records.map { record in
            var record = record
            record.scopes = [.insert]
            return record
        }
        try tokens.file.update { list throws(CacheError) in list = try TokenList(narrowed) }
        control.refresh()
        #expect(try lookup(&connection, 2) == .forbidden)
        #expect(connection.isOpen)
        #expect(connection.services.statistics(now: .now()).json.contains(#""forbidden":{"lookup":1,"#))
    }

    @Test func theFirstTokenClosesAnOpenServer() throws {
        let control = try tokens.control(isRequired: false)
        #expect(!control.demandsTokens)
        let unmade = tokens.next().text
        var nobody = try connection(control, token: "")
        var stranger = try connection(control, token: unmade)
        let made = try tokens.create("t")
        control.refresh()
        #expect(control.demandsTokens)
        #expect(try lookup(&nobody, 2) == .unauthenticated)
        #expect(try lookup(&stranger, 2) == .unauthenticated)
        _ = try connection(control, token: made)
    }

    // MARK: The file

    @Test func aRequiredFileMustBeThere() throws {
        let error = #expect(throws: CacheError.self) { try tokens.control() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("semblance token create") == true)
    }

    @Test func aFileIsReadAgainOnlyWhenItHasChangedOrSomebodySaysSo() throws {
        try tokens.create("t")
        let control = try tokens.control()
        let generation = control.generation
        control.refresh()
        control.refresh()
        #expect(control.counts.reloads == 0 && control.generation == generation)
        control.refresh(isForced: true)
        #expect(control.counts.reloads == 1)
        try tokens.create("u")
        control.refresh()
        #expect(control.counts.reloads == 2 && control.counts.tokens == 2)
    }

    @Test(arguments: ["broken", "gone", "open to all"])
    func aFileThatCannotBeUsedLeavesTheTokensAsTheyWere(_ fault: String) throws {
        let token = try tokens.create("t")
        let control = try tokens.control()
        let path = tokens.file.path
        switch fault {
        case "broken":
            try Data("{\"version\": 1, \"tokens\": [".utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        case "gone": try FileManager.default.removeItem(atPath: path)
        default: try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        }
        for _ in 0..<5 { control.refresh() }
        #expect(control.demandsTokens && control.counts.failedReloads == 1)
        // Said once, loudly.
        #expect(tokens.log.withLock { $0.filter { $0.contains("stay as they were") }.count } == 1)
        var connection = try connection(control, token: token)
        #expect(try lookup(&connection, 2) == nil)
        #expect(throws: CacheError.self) { _ = try self.connection(control, token: "") }
        // And a good one is taken again.
        try? FileManager.default.removeItem(atPath: path)
        try tokens.create("u")
        control.refresh()
        connection.executor.take().forEach { $0.answer(.lookup([.miss])) }
        _ = try connection.replies()
        #expect(try lookup(&connection, 3) == .unauthenticated)
    }

    // MARK: Before HELLO

    @Test func aSlowHelloIsCutOffAfterTwoSeconds() throws {
        try tokens.create("t")
        var connection = try EmbeddedConnection(access: try tokens.control())
        connection.pass(.milliseconds(1_999))
        #expect(try connection.replies().isEmpty)
        connection.pass(.milliseconds(1))
        #expect(try connection.replies().first?.reply.error?.code == .deadlineExceeded)
    }
}
