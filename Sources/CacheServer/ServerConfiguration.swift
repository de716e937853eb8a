package import CacheModel
import NIOCore

/// How a server listens, and how much it takes upon itself.
package struct ServerConfiguration: Sendable {
    package var listenAddresses: [ListenAddress]
    /// Threads that do nothing but move bytes.
    package var eventLoopThreads: Int
    package var limits = ServerLimits()
    package var deadlines = ServerDeadlines()
    /// Who is let in; nil for everybody who reaches an address.
    package var access: AccessControl?
    /// With it, TLS is spoken on every port, and nothing else. Unix sockets stay as they are.
    package var tls: TLSFiles?
    /// Whether somebody vouches for the network between the service and its clients.
    package var allowsPlaintext = false

    package init(listenAddresses: [ListenAddress] = [.standard], eventLoopThreads: Int = Self.standardEventLoopThreads)
    {
        self.listenAddresses = listenAddresses
        self.eventLoopThreads = eventLoopThreads
    }

    /// Half of the cores, as the searches need them more; 1 through 8.
    package static var standardEventLoopThreads: Int { max(1, min(8, System.coreCount / 2)) }

    /// Whether clients must bring a token, as far as is known before the service runs.
    package var demandsTokens: Bool { access?.demandsTokens ?? false }

    package var exposure: ExposureRule {
        ExposureRule(hasTokens: demandsTokens, hasTLS: tls != nil, allowsPlaintext: allowsPlaintext)
    }

    /// Reads the files of TLS as well.
    ///
    /// - Throws: `invalidConfiguration` for what cannot work.
    package func validate() throws(CacheError) {
        func require(_ holds: Bool, _ message: String) throws(CacheError) {
            guard holds else { throw CacheError(.invalidConfiguration, message) }
        }
        try require(!listenAddresses.isEmpty, "there is no address to listen on")
        try exposure.check(listenAddresses)
        try require((1...1_024).contains(eventLoopThreads), "the number of event loop threads is 1 through 1024")
        try require(
            limits.connections > 0 && limits.requestsInFlightPerConnection > 0
                && limits.bytesInFlightPerConnection > 0 && limits.bytesInFlight > 0,
            "a limit of the server is not positive")
        if let tls { _ = try tls.read(shutdownTimeout: TimeAmount(deadlines.linger)) }
        try require(
            [deadlines.hello, deadlines.idle, deadlines.frame, deadlines.write, deadlines.linger, deadlines.drain]
                .allSatisfy { $0 > .zero }, "a deadline of the server is not positive")
    }
}

/// What a server holds at once; the standard is `Limits`.
package struct ServerLimits: Hashable, Sendable {
    package var connections = Limits.connectionCount
    package var requestsInFlightPerConnection = Limits.requestsInFlightPerConnection
    /// Bytes of requests without an answer, of frames that have not arrived whole and of replies that have not been
    /// sent.
    package var bytesInFlightPerConnection = Limits.bytesInFlightPerConnection
    /// The same of all connections together; what would exceed it is answered `overloaded`.
    package var bytesInFlight = Limits.bytesInFlight

    package init() {}
}

/// How long a server waits for a peer, and for itself.
package struct ServerDeadlines: Hashable, Sendable {
    /// From the connection to an accepted HELLO.
    package var hello = Duration.seconds(2)
    /// Without a request, while none is in flight.
    package var idle = Duration.seconds(600)
    /// From the first byte of a frame to its last.
    package var frame = Duration.seconds(30)
    /// Without a byte of the replies being taken by the peer.
    package var write = Duration.seconds(30)
    /// For the peer to close as well, after the last reply of a connection.
    package var linger = Duration.seconds(1)
    /// From the signal to stop until connections are cut off.
    package var drain = Duration.seconds(10)

    package init() {}
}
