import CacheAccess
import CacheModel
import CacheProtocol
import Logging
import NIOCore

extension ConnectionHandler {
    /// Takes the token of HELLO.
    func authenticate(_ hello: HelloRequest) throws(CacheError) {
        guard let refusal = access.greet(token: hello.token) else { return }
        counters.update { $0.access.count(refusal, isGreeting: true) }
        // What a client calls itself, and where it is, may be anything: for those who look closely only.
        services.logger.debug(
            "client refused",
            metadata: [
                "reason": "\(refusal.rawValue)", "client": "\(hello.clientName)",
                "address": "\(context?.channel.remoteAddress?.description ?? "")",
            ])
        throw refusal.error
    }

    /// Before anything is done for the request.
    func authorize(_ request: Request) throws(CacheError) {
        switch access.refusal(of: request.demand) {
        case nil: return
        case .unauthenticated(let refusal):
            counters.update { $0.access.count(refusal, isGreeting: false) }
            throw refusal.error
        case .forbidden(let lack, let error):
            counters.update { $0.access.count(lack) }
            throw error
        }
    }
}
