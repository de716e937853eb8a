import AsyncHTTPClient
import Crypto
import Foundation
import GatewayCore
import NIOCore
import NIOHTTP1
import Synchronization

/// A campaign under way: several workers take from one plan and write into one report.
final class CampaignRun: Sendable {
    /// What came back.
    struct Heard: Sendable {
        var status: Int
        /// `x-semblance-cache`
        var outcome: String
        var canary: Int?
        var text: [UInt8]
    }

    private let plan: Mutex<CampaignPlan>
    private let report = Mutex(CampaignReport())
    private let http: HTTPClient
    private let address: String

    init(_ plan: CampaignPlan, _ http: HTTPClient, address: String) {
        self.plan = Mutex(plan)
        self.http = http
        self.address = address
    }

    var result: CampaignReport { report.withLock { $0 } }

    /// Asks until everything has been asked.
    func work() async throws {
        while let step = plan.withLock({ $0.next() }) {
            switch step {
            case .questions(let questions):
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for question in questions { group.addTask { try await self.ask(question) } }
                    try await group.waitForAll()
                }
            case .invalidation(let tenant, let source, let version):
                try await invalidate(tenant, source, version)
                plan.withLock { $0.acknowledge(tenant: tenant, source: source, version: version) }
                report.withLock { $0.invalidations += 1 }
            }
        }
    }

    private func ask(_ question: CampaignQuestion) async throws {
        let (response, body) = try await send(question.api.path, question.body, question.headers)
        let heard = Heard(
            status: Int(response.status.code), outcome: response.headers.first(name: "x-semblance-cache") ?? "none",
            canary: CampaignUpstream.canary(in: body), text: body)
        let maker = heard.canary.flatMap { number in
            plan.withLock { $0.questions.indices.contains(number) ? $0.questions[number] : nil }
        }
        report.withLock { $0.record(question, heard, maker) }
    }

    /// As a pipeline sends it, signed.
    private func invalidate(_ tenant: Int?, _ source: Int, _ version: UInt64) async throws {
        let body = JSONWriter.object { body in
            body.member("source", CampaignQuestion.source(source))
            body.member("version", version)
            if let tenant { body.member("namespace", CampaignQuestion.tenants[tenant]) }
        }
        let identifier = "msg_\(tenant ?? -1)_\(source)_\(version)"
        let timestamp = String(Int(Date().timeIntervalSince1970))
        let key = SymmetricKey(data: Data(base64Encoded: Campaign.secret) ?? Data())
        let message = Data("\(identifier).\(timestamp).".utf8) + body
        let signature = Data(HMAC<SHA256>.authenticationCode(for: message, using: key)).base64EncodedString()
        let (response, _) = try await send(
            "/v1/invalidations", body,
            [
                ("webhook-id", identifier), ("webhook-timestamp", timestamp), ("webhook-signature", "v1,\(signature)"),
            ])
        guard response.status == .ok else {
            throw Campaign.Failure(description: "an invalidation has the status \(response.status.code)")
        }
    }

    private func send(
        _ path: String, _ body: [UInt8], _ headers: [(String, String)]
    ) async throws -> (HTTPClientResponse, [UInt8]) {
        var request = HTTPClientRequest(url: address + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await http.execute(request, timeout: .seconds(60))
        return (response, Array(buffer: try await response.body.collect(upTo: 1 << 20)))
    }
}
