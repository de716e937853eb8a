package import GatewayCore
import Synchronization

/// What the gateway has done since it was started.
package final class GatewayCounters: Sendable {
    package enum Counter: Hashable, Sendable, CaseIterable {
        case requests
        case answers(Disclosure.Outcome)
        /// Near questions that were not taken, each with its reason: a guard, or the match model.
        case vetoes(CacheReason)
        case joined, upstreamCalls, upstreamFailures
        case stored, notStored, staleInserts
        case refused, disconnects, invalidations

        package static let allCases: [Counter] =
            [.requests] + Disclosure.Outcome.allCases.map(Self.answers)
            + GuardName.allCases.map { .vetoes(.guarded($0)) } + [.vetoes(.improbable), .vetoes(.otherData)]
            + [.joined, .upstreamCalls, .upstreamFailures, .stored, .notStored, .staleInserts]
            + [.refused, .disconnects, .invalidations]
    }

    private let counts = Mutex<[Counter: Int]>([:])

    func increment(_ counter: Counter, by count: Int = 1) { counts.withLock { $0[counter, default: 0] += count } }

    package subscript(counter: Counter) -> Int { counts.withLock { $0[counter, default: 0] } }

    /// All of them as Prometheus reads them, also those that nothing has happened to.
    /// https://prometheus.io/docs/instrumenting/exposition_formats/
    package var exposition: String {
        let counts = counts.withLock(\.self)
        var text = ""
        var family = ""
        for counter in Counter.allCases {
            let metric = counter.metric
            if metric.name != family {
                family = metric.name
                text += "# HELP semblance_gateway_\(family) \(metric.help)\n# TYPE semblance_gateway_\(family) counter\n"
            }
            text += "semblance_gateway_\(family)\(metric.label) \(counts[counter, default: 0])\n"
        }
        return text
    }
}

extension GatewayCounters.Counter {
    fileprivate var metric: (name: String, label: String, help: String) {
        switch self {
        case .requests: ("requests_total", "", "Requests of all kinds.")
        case .answers(let outcome):
            ("answers_total", #"{cache="\#(outcome.rawValue)"}"#, "Requests to models, by what the cache did.")
        case .vetoes(let reason):
            ("vetoes_total", #"{reason="\#(reason.text)"}"#, "Near questions that were not taken, by what kept them out.")
        case .joined: ("joined_total", "", "Requests that shared the call of another.")
        case .upstreamCalls: ("upstream_calls_total", "", "Calls of upstreams, retries not counted.")
        case .upstreamFailures: ("upstream_failures_total", "", "Calls of upstreams that failed.")
        case .stored: ("stored_total", "", "Answers that were stored.")
        case .notStored: ("not_stored_total", "", "Answers that were not to be stored.")
        case .staleInserts:
            ("stale_inserts_total", "", "Answers that were not stored because their data had changed meanwhile.")
        case .refused: ("refused_total", "", "Requests that were answered with an error of the gateway.")
        case .disconnects: ("disconnects_total", "", "Requests whose client went away.")
        case .invalidations: ("invalidations_total", "", "News that were carried out.")
        }
    }
}
