package import CacheModel
package import NIOCore

/// What a client asks for. Large cases are indirect, so that a lookup on its way is small.
package enum Request: Hashable, Sendable {
    indirect case hello(HelloRequest)
    /// Up to `Limits.pingBytes` that come back as they are.
    case ping([UInt8])
    case statistics
    case lookup(LookupRequest)
    indirect case insert(InsertRequest)
    indirect case get(GetRequest)
    indirect case delete(DeleteRequest)
    indirect case scan(ScanRequest)
    case invalidate(InvalidateRequest)
    case lease(LeaseRequest)
    indirect case purge(PurgeRequest)
    /// An operator vouches for the freshness of a store that has lost what it knew.
    case liftFence
    indirect case createNamespace(CreateNamespaceRequest)
    case listNamespaces
    case dropNamespace(String)
    indirect case follow(FollowRequest)

    package var opcode: Opcode {
        switch self {
        case .hello: .hello
        case .ping: .ping
        case .statistics: .statistics
        case .lookup: .lookup
        case .insert: .insert
        case .get: .get
        case .delete: .delete
        case .scan: .scan
        case .invalidate: .invalidate
        case .lease: .lease
        case .purge: .purge
        case .liftFence: .liftFence
        case .createNamespace: .createNamespace
        case .listNamespaces: .listNamespaces
        case .dropNamespace: .dropNamespace
        case .follow: .follow
        }
    }
}

extension Request {
    /// Decodes the body of a request's frame.
    ///
    /// - Throws: An error with `closesConnection` when the body does not add up, and another one when a field that the
    ///   whole request depends on is outside of its range: that request alone is answered with the error. Where only
    ///   one item of a batch is concerned, nothing is thrown and the item is a failure.
    package init(_ frame: Frame) throws(CacheError) {
        var reader = BodyReader(frame.body, enforcesLimits: true)
        switch frame.header.opcode {
        case .connection: throw reader.malformed("this opcode is not a request's")
        case .hello: self = .hello(try HelloRequest(from: &reader))
        case .ping:
            let bytes = reader.remainingBytes
            guard bytes <= Limits.pingBytes else { throw .outOfRange("echo", limit: Limits.pingBytes, got: bytes) }
            self = .ping(try reader.byteArray(bytes))
        case .statistics: self = .statistics
        case .lookup: self = .lookup(try LookupRequest(from: &reader))
        case .insert: self = .insert(try InsertRequest(from: &reader))
        case .get: self = .get(try GetRequest(from: &reader))
        case .delete: self = .delete(try DeleteRequest(from: &reader))
        case .scan: self = .scan(try ScanRequest(from: &reader))
        case .invalidate: self = .invalidate(try InvalidateRequest(from: &reader))
        case .lease: self = .lease(try LeaseRequest(from: &reader))
        case .purge: self = .purge(try PurgeRequest(from: &reader))
        case .liftFence: self = .liftFence
        case .createNamespace: self = .createNamespace(try CreateNamespaceRequest(from: &reader))
        case .listNamespaces: self = .listNamespaces
        case .dropNamespace: self = .dropNamespace(try reader.namespace())
        case .follow: self = .follow(try FollowRequest(from: &reader))
        }
        try reader.finish()
    }

    /// The exact length of the body, in bytes.
    package func bodyBytes(vectors encoding: VectorEncoding = .float32) -> Int {
        switch self {
        case .hello(let request): request.wireBytes
        case .ping(let echo): echo.count
        case .lookup(let request): request.wireBytes(encoding)
        case .insert(let request): request.wireBytes(encoding)
        case .get(let request): request.wireBytes
        case .delete(let request): request.wireBytes
        case .scan(let request): request.wireBytes
        case .invalidate(let request): request.wireBytes
        case .lease(let request): request.wireBytes
        case .purge(let request): request.wireBytes
        case .createNamespace(let request): request.wireBytes
        case .dropNamespace(let name): name.wireBytes
        case .follow(let request): request.wireBytes
        case .statistics, .liftFence, .listNamespaces: 0
        }
    }
}

extension ByteBuffer {
    /// Appends a request as one frame; after an error, nothing.
    ///
    /// Values outside of their ranges are written all the same where they can be: the server refuses them.
    ///
    /// - Parameters:
    ///   - identifier: not 0, unique among the unanswered requests of the connection.
    ///   - bodyLimitBytes: the server's, from its reply to HELLO.
    /// - Throws: `.frameTooLarge`; `.invalidArgument` for what no length field can express; the error of a batch's item
    ///   that is a failure.
    package mutating func writeRequest(
        _ request: Request, identifier: UInt64, vectors encoding: VectorEncoding = .float32,
        bodyLimitBytes: Int = Limits.frameBytes
    ) throws(CacheError) {
        let header = FrameHeader(opcode: request.opcode, flags: [], requestIdentifier: identifier)
        let bodyBytes = request.bodyBytes(vectors: encoding)
        try writeFrame(header, bodyBytes: bodyBytes, bodyLimitBytes: bodyLimitBytes) { bytes throws(CacheError) in
            switch request {
            case .hello(let request): try request.write(to: &bytes)
            case .ping(let echo): bytes.writeBytes(echo)
            case .lookup(let request): try request.write(to: &bytes, vectors: encoding)
            case .insert(let request): try request.write(to: &bytes, vectors: encoding)
            case .get(let request): try request.write(to: &bytes)
            case .delete(let request): try request.write(to: &bytes)
            case .scan(let request): try request.write(to: &bytes)
            case .invalidate(let request): try request.write(to: &bytes)
            case .lease(let request): try request.write(to: &bytes)
            case .purge(let request): try request.write(to: &bytes)
            case .createNamespace(let request): try request.write(to: &bytes)
            case .dropNamespace(let name): try bytes.write(name, as: "namespace")
            case .follow(let request): try request.write(to: &bytes)
            case .statistics, .liftFence, .listNamespaces: break
            }
        }
    }
}
