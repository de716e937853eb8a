import AsyncHTTPClient
import CacheModel
import GatewayCore
import Logging
import NIOCore

/// What a flight does: calls the upstream, passes the answer on as it comes, writes it down, and has it stored.
struct UpstreamRun: Sendable {
    let upstreams: UpstreamClient
    let store: AnswerStore
    let counters: GatewayCounters
    let logger: Logger

    func callAsFunction(_ flight: AnswerFlight, _ plan: AnswerStore.Plan) async {
        counters.increment(.upstreamCalls)
        let inquiry = plan.inquiry
        let deadline = inquiry.upstreamDeadline
        let body = inquiry.request.upstreamBody(model: inquiry.route.model)
        let call = UpstreamCall(
            upstream: inquiry.route.upstream, api: inquiry.request.api, fields: inquiry.fields, body: body.bytes,
            deadline: deadline.instant)
        let progress = AnswerProgress(inquiry.request.api, withholdsUsage: body.addsStreamUsage)
        do {
            let answer = try await withDeadline(deadline.instant, or: deadline.error) {
                try await upstreams.withResponse(to: call) { response in
                    try await pass(response, to: flight, plan, progress)
                }
            }
            guard flight.complete() else { throw CancellationError() }
            if case .yes = plan.storing { flight.passOn() }
            flight.end(.init(stored: await store.settle(answer, plan)))
        } catch {
            if !(error is CancellationError) {
                counters.increment(.upstreamFailures)
                logger.warning(
                    "Upstream call failed",
                    metadata: ["upstream": "\(call.upstream.name)", "request": "\(inquiry.identifier)"])
            }
            flight.end(
                .init(
                    stored: .no(.answer(.truncated)), error: GatewayError(error),
                    isInsideEvent: progress.isInsideEvent))
        }
    }

    private func pass(
        _ response: UpstreamResponse, to flight: AnswerFlight, _ plan: AnswerStore.Plan, _ progress: AnswerProgress
    ) async throws -> RecordedAnswer {
        var stored: Disclosure.Stored?
        if case .no(let reason) = plan.storing { stored = .no(reason) }
        progress.begin(status: response.status, isEventStream: response.isEventStream)
        flight.begin(
            .init(
                status: response.status, fields: response.fields, isEventStream: progress.isEventStream, stored: stored)
        )
        for try await buffer in response.body {
            let pieces = progress.record(buffer)
            // Clients hang up as soon as they have read the mark of the end, and have given up nothing by it.
            if progress.isComplete { _ = flight.complete() }
            for piece in pieces { await flight.append(piece) }
            try Task.checkCancellation()
        }
        for piece in progress.remainder() { await flight.append(piece) }
        return progress.finish()
    }
}
