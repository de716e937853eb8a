import CacheModel
import Testing

@testable import GatewayCore

@Suite struct InvalidationReportTests {
    private static let stored = Result<InvalidationReceipt, CacheError>.success(
        InvalidationReceipt(
            changed: true, position: Position(incarnation: 1, sequence: 17),
            state: SourceState(version: .ordered(42), lastSequence: 17)))

    @Test func itIsDoneOnlyWhenAllOfItHolds() {
        #expect(Self.report([Self.stored, Self.stored]).status == 200)
        #expect(Self.report([]).status == 200)
        let conflict = Self.report([Self.stored, .failure(CacheError(.labelConflict, "m"))])
        #expect(conflict.status == 409 && conflict.isFinal && conflict.retryAfterSeconds == nil)
    }

    @Test func whatIsNotDurableGoesBeforeEveryOtherError() {
        for code in [CacheError.Code.storageFull, .connectionClosed, .overloaded, .deadlineExceeded, .shuttingDown] {
            let report = Self.report([
                .failure(CacheError(.labelConflict, "m")), .failure(CacheError(code, "m")), Self.stored,
            ])
            #expect(report.status == 503 && !report.isFinal && report.retryAfterSeconds == 1)
        }
    }

    @Test func eachPieceOfNewsHasItsAnswer() {
        let body = Self.report([Self.stored, .failure(CacheError(.kindMismatch, "\"k\""))], namespace: "n").body()
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"invalidations":[{"source":"s0","namespace":"n","changed":true,"position":"0000000000000001:17"},"#
                + #"{"source":"s1","namespace":"n","error":{"code":"conflict","#
                + #""message":"The cache says kind-mismatch: \"k\""}}]}"#)
    }

    private static func report(
        _ outcomes: [Result<InvalidationReceipt, CacheError>], namespace: String? = nil
    ) -> InvalidationReport {
        InvalidationReport(
            outcomes.enumerated().map { index, outcome in
                .init(
                    InvalidationRequest(namespace: namespace, Invalidation(source: "s\(index)", change: .bump)), outcome
                )
            })
    }
}
