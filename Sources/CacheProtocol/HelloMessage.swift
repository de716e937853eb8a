package import CacheModel
import NIOCore

/// The first request of a connection. Its layout is the same in every version of the protocol, and so is its header,
/// which says version 1 whatever the client would like to speak.
package struct HelloRequest: Hashable, Sendable {
    /// For logs and statistics; may be empty.
    package var clientName: String
    package var minimumVersion: UInt8
    package var maximumVersion: UInt8
    /// Empty where the server asks for none.
    package var token: [UInt8]

    package init(
        clientName: String, minimumVersion: UInt8 = FrameHeader.version, maximumVersion: UInt8 = FrameHeader.version,
        token: [UInt8] = []
    ) {
        self.clientName = clientName
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
        self.token = token
    }

    /// The highest version that both sides speak.
    ///
    /// - Throws: `.unsupportedVersion` where there is none.
    package func negotiatedVersion() throws(CacheError) -> UInt8 {
        guard minimumVersion <= FrameHeader.version, FrameHeader.version <= maximumVersion else {
            throw CacheError(
                .unsupportedVersion, "client and server have no version of the protocol in common",
                detail: ["got": String(maximumVersion), "limit": String(FrameHeader.version)])
        }
        return FrameHeader.version
    }

    var wireBytes: Int { 2 + clientName.wireBytes + 2 + token.count }

    /// Minimum version u8, maximum version u8, client name, token length u16, token.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        bytes.write(minimumVersion)
        bytes.write(maximumVersion)
        try bytes.write(clientName, as: "client-name")
        try bytes.write(count: token.count, of: "token")
        bytes.writeBytes(token)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        minimumVersion = try reader.integer()
        maximumVersion = try reader.integer()
        clientName = try reader.string("client-name", in: 0...Limits.clientNameBytes)
        let tokenBytes = Int(try reader.integer(UInt16.self))
        if tokenBytes > Limits.tokenBytes {
            reader.note(.outOfRange("token", limit: Limits.tokenBytes, got: tokenBytes))
        }
        token = try reader.byteArray(tokenBytes)
        if minimumVersion > maximumVersion {
            reader.note(.invalid("minimum-version", "the minimum version is above the maximum"))
        }
    }
}

package struct HelloReply: Hashable, Sendable {
    /// Spoken from the next frame on.
    package var protocolVersion: UInt8
    /// The version of the server's program, for people.
    package var serverVersion: String
    /// Where the store stands; its incarnation tells a client that a store was replaced.
    package var position: Position
    /// `Capabilities`. A client ignores bits that it does not know.
    package var capabilities: UInt64
    package var limits: ServiceLimits

    package init(
        protocolVersion: UInt8 = FrameHeader.version, serverVersion: String, position: Position,
        capabilities: UInt64 = 0, limits: ServiceLimits = .current
    ) {
        self.protocolVersion = protocolVersion
        self.serverVersion = serverVersion
        self.position = position
        self.capabilities = capabilities
        self.limits = limits
    }

    var wireBytes: Int { 1 + serverVersion.wireBytes + Position.wireBytes + 8 + ServiceLimits.wireBytes }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        bytes.write(protocolVersion)
        try bytes.write(serverVersion, as: "server-version")
        position.write(to: &bytes)
        bytes.write(capabilities)
        limits.write(to: &bytes)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        protocolVersion = try reader.integer()
        serverVersion = try reader.string("server-version", in: 0...Limits.clientNameBytes)
        position = try reader.position()
        capabilities = try reader.integer()
        limits = try ServiceLimits(from: &reader)
    }
}
