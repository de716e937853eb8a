import Gateway
import GatewayCore
import Testing

/// What a client sees on its connection, byte for byte.
@Suite struct ConnectionTests {
    private static func post(_ body: String, _ fields: String = "") -> String {
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\(fields)"
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static let streamed = UpstreamAnswers.request(.chatCompletions, "Really?", isStream: true)
    private static let events = UpstreamAnswers.events(.chatCompletions, ["Yes", "."])

    @Test func aStreamSaysAtItsEndWhetherItIsStored() async throws {
        try await RunningGateway.with(
            script: { _, _ in UpstreamAnswers.stream(Self.events) },
            { gateway in
                let connection = try await RawConnection.open(port: gateway.port)
                try await connection.say(Self.post(Self.streamed))
                let first = await connection.hear { $0.hasSuffix("stored: yes\r\n\r\n") }
                #expect(first.lowercased().contains("\r\ntrailer: x-semblance-stored\r\n"))
                #expect(first.hasSuffix("0\r\nx-semblance-stored: yes\r\n\r\n"))
                // The connection goes on.
                try await connection.say(Self.post(Self.streamed))
                let both = await connection.hear { $0.hasSuffix("0\r\n\r\n") }
                #expect(both.dropFirst(first.count).contains("x-semblance-cache: hit"))

                let stale = try await RawConnection.open(port: gateway.port)
                let other = UpstreamAnswers.request(.chatCompletions, "Certain?", isStream: true)
                try await stale.say(Self.post(other, "x-semblance-depends-on: kb\r\n"))
                let unstored = await stale.hear { $0.hasSuffix("\r\n0\r\n\r\n") || $0.contains("\r\n0\r\nx-") }
                // Here it is known from the beginning.
                #expect(unstored.contains("x-semblance-stored: no; unversioned-dependency\r\n"))
                await connection.close()
                await stale.close()
            })
    }

    @Test func aBodyThatSaysItIsTooLargeIsNotWaitedFor() async throws {
        try await RunningGateway.with(
            options: ["limits.request-bytes": "1KiB"], script: { _, _ in [] },
            { gateway in
                let connection = try await RawConnection.open(port: gateway.port)
                try await connection.say(
                    "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n{")
                let answer = await connection.hear { $0.contains("request_too_large") }
                #expect(answer.hasPrefix("HTTP/1.1 413"))
                await connection.close()
            })
    }

    @Test func aClientThatClosesItsHalfHasGone() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, _ in [.wait(gate)] },
            { gateway in
                let connection = try await RawConnection.open(port: gateway.port)
                try await connection.say(Self.post(Self.streamed))
                await gateway.upstream.arrivals(1)
                await connection.close()
                await gateway.upstream.loss()
                gate.open()
            })
    }

    @Test func whatWasAskedIsAnsweredBeforeTheGatewayStops() async throws {
        let gate = Gate()
        try await RunningGateway.with(
            script: { _, _ in
                [.wait(gate)] + UpstreamAnswers.json(UpstreamAnswers.body(.chatCompletions, "At last."))
            },
            { gateway in
                async let answer = gateway.post(
                    .chatCompletions, UpstreamAnswers.request(.chatCompletions, "Still there?"))
                await gateway.upstream.arrivals(1)
                await gateway.beginShutdown()
                gate.open()
                let told = try await answer
                #expect(told.status == 200)
                #expect(told.text.contains("At last."))
            })
    }
}
