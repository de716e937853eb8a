import CacheModel
import GatewayCore
import NIOCore
import NIOPosix
import SemblanceClient

/// A client of the cache for each event loop, so that a request finds a connection on the thread that it is on: to wake
/// another thread and to be woken by it takes longer than the lookup itself.
struct CacheClients: Sendable {
    private let byLoop: [ObjectIdentifier: SemblanceClient]
    private let first: SemblanceClient

    /// - Throws: `CacheError` for an address that makes no sense, and for files of TLS that cannot be used.
    init(_ cache: GatewayConfiguration.Cache) throws(CacheError) {
        let address = try ServiceAddress(parsing: cache.address.description)
        var configuration = ClientConfiguration()
        configuration.clientName = "semblance-gateway"
        // A moment more is cheaper than a call of a model.
        configuration.retriesOverloaded = true
        configuration.token = cache.token?.value ?? ""
        configuration.tls = cache.tls.map { tls in
            ClientTLS(
                trustRootsFile: tls.authority, serverName: tls.serverName, certificateFile: tls.certificate,
                keyFile: tls.key)
        }
        var byLoop: [ObjectIdentifier: SemblanceClient] = [:]
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            configuration.eventLoopGroup = loop
            byLoop[ObjectIdentifier(loop)] = try SemblanceClient(address: address, configuration: configuration)
        }
        configuration.eventLoopGroup = nil
        if let any = byLoop.values.first {
            first = any
        } else {
            first = try SemblanceClient(address: address, configuration: configuration)
        }
        self.byLoop = byLoop
    }

    /// That of the event loop whose thread this is.
    var here: SemblanceClient {
        MultiThreadedEventLoopGroup.currentEventLoop.flatMap { byLoop[ObjectIdentifier($0)] } ?? first
    }

    func close() async {
        await first.close()
        for client in byLoop.values { await client.close() }
    }
}
