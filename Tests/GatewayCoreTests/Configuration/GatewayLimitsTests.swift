import CacheModel
import Testing

@testable import GatewayCore

/// How the limits relate: a limit that is changed without its relatives fails here and not in the field.
@Suite struct GatewayLimitsTests {
    @Test func whatARequestMayNameFitsIntoAnEntry() {
        #expect(GatewayLimits.dependencyCount <= Limits.dependencyCount)
        // Each lookup asks the last change of all of them.
        #expect(GatewayLimits.dependencyCount <= Limits.namedSourceCount)
        #expect(GatewayLimits.tagCount <= Limits.tagCount)
        #expect(UseCase(name: "x").promptLimitBytes <= Limits.promptBytes)
        #expect(AnswerLimits.answerBytes < Limits.payloadBytes)
    }

    @Test func plainListsAtTheirLongestFitIntoAHeader() {
        let dependency = Limits.sourceBytes + 1 + Limits.labelBytes + 2
        #expect(GatewayLimits.dependencyCount * dependency <= GatewayLimits.directiveBytes)
        #expect(GatewayLimits.tagCount * (Limits.tagBytes + 2) <= GatewayLimits.directiveBytes)
        #expect(GatewayLimits.userBytes <= GatewayLimits.directiveBytes)
    }

    @Test func whatIsDisclosedIsNotCut() {
        #expect(GatewayLimits.modelBytes <= GatewayLimits.disclosedBytes)
        #expect("route ".utf8.count + GatewayLimits.modelBytes <= GatewayLimits.disclosedBytes)
        #expect(GatewayLimits.errorParameterBytes <= GatewayLimits.errorMessageBytes)
    }

    @Test func bodiesAreNoLargerThanTheJSONThatIsRead() {
        #expect(GatewayLimits.requestBytes <= JSONLimits.request.bytes)
        #expect(GatewayLimits.webhookBytes <= JSONLimits.request.bytes)
        // The shortest that says anything.
        let shortest = #"{"source":"s","bump":true},"#.utf8.count
        #expect(GatewayLimits.invalidationCount * shortest <= GatewayLimits.webhookBytes)
    }

    @Test func anIdentifierIsRememberedLongerThanItsTimestampIsAccepted() {
        #expect(GatewayLimits.replayWindowSeconds > 2 * GatewayLimits.webhookToleranceSeconds)
        #expect(GatewayLimits.signatureCount >= GatewayLimits.secretCount)
    }

    @Test func timeLimitsLieInsideOfEachOther() {
        #expect(GatewayLimits.cacheTimeoutMilliseconds < GatewayLimits.encoderTimeoutMilliseconds)
        #expect(GatewayLimits.encoderTimeoutMilliseconds < GatewayLimits.upstreamTimeoutMilliseconds)
        #expect(GatewayLimits.upstreamTimeoutMilliseconds <= GatewayLimits.longestTimeoutMilliseconds)
        #expect(CircuitBreaker.Settings().longestOpenMilliseconds <= GatewayLimits.longestTimeoutMilliseconds)
    }

    @Test func everyRequestMayLeadAFlightAndAllMayFollowOne() {
        #expect(GatewayLimits.requestCount <= GatewayLimits.flightCount)
        #expect(GatewayLimits.requestCount <= GatewayLimits.followerCount)
        #expect(GatewayLimits.requestCount <= GatewayLimits.largestRequestCount)
    }
}
