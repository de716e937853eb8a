import CacheModel
import CacheProtocol
import NIOCore
import NIOPosix

/// Opens the sockets of one service.
struct Connector: Sendable {
    var address: ServiceAddress
    /// Nil for none.
    var encryption: ConnectionEncryption?
    var group: any EventLoopGroup
    /// For connecting, TLS and HELLO together.
    var timeout: TimeAmount
    var silenceLimit: TimeAmount
    var hello: HelloRequest

    /// Whatever comes of it, the observer hears `closed` in the end.
    func connect(_ number: Int, observer: any ConnectionObserver) {
        let settings = ConnectionHandler.Settings(
            hello: hello, helloDeadline: .now() + timeout, silenceLimit: silenceLimit)
        socket().whenComplete { result in
            do {
                let channel = try result.get()
                let handler = ConnectionHandler(number: number, settings: settings, observer: observer)
                // HELLO waits in the handler of TLS until the certificate has been checked.
                let pipeline = channel.pipeline.syncOperations
                try encryption?.add(to: pipeline)
                try pipeline.addHandler(handler)
            } catch {
                let detail = ["address": address.description, "cause": String(describing: error)]
                observer.closed(
                    number, [], CacheError(.connectionFailed, "the service cannot be reached", detail: detail))
            }
        }
    }

    /// On the channel's event loop, as a future of the same.
    private func socket() -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: group.next()).connectTimeout(timeout)
        return switch address {
        case .network(let host, let port):
            bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
        case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
        }
    }
}
