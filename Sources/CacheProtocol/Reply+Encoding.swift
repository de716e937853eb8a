import CacheModel
package import NIOCore

extension ByteBuffer {
    /// Appends a reply as one frame.
    ///
    /// Never fails: a reply that cannot be written, or is longer than the limit, becomes an error reply of its opcode.
    /// Of lookup replies that are too long together, payloads are left out first (`LookupReplyPlan`).
    ///
    /// - Parameters:
    ///   - identifier: that of the request; 0 only for what concerns the connection.
    ///   - bodyLimitBytes: the longest body, in bytes. Error replies are short and not held to it.
    package mutating func writeReply(_ reply: Reply, identifier: UInt64, bodyLimitBytes: Int = Limits.frameBytes) {
        do throws(CacheError) {
            switch reply {
            case .failure(let error, let opcode): writeFailure(error, opcode, identifier)
            case .lookup(let replies):
                let plan = LookupReplyPlan(replies, bodyLimitBytes: bodyLimitBytes)
                let header = FrameHeader(opcode: .lookup, flags: .reply, requestIdentifier: identifier)
                try writeFrame(header, bodyBytes: plan.wireBytes, bodyLimitBytes: bodyLimitBytes) {
                    bytes throws(CacheError) in try plan.write(to: &bytes)
                }
            default:
                let header = FrameHeader(opcode: reply.opcode, flags: .reply, requestIdentifier: identifier)
                try writeFrame(header, bodyBytes: reply.bodyBytes, bodyLimitBytes: bodyLimitBytes) {
                    bytes throws(CacheError) in try reply.write(to: &bytes)
                }
            }
        } catch {
            let failure = CacheError(
                .limitExceeded, "the reply cannot be written: \(error.message)", detail: error.detail)
            writeFailure(failure, reply.opcode, identifier)
        }
    }

    private mutating func writeFailure(_ error: CacheError, _ opcode: Opcode, _ identifier: UInt64) {
        let header = FrameHeader(opcode: opcode, flags: [.reply, .error], requestIdentifier: identifier)
        // Every part of an error is cut to its limit, so that nothing here can throw.
        try? writeFrame(header, bodyBytes: error.wireBytes, bodyLimitBytes: .max) { error.write(to: &$0) }
    }
}

extension Reply {
    /// The exact length of what `write` appends, in bytes; of lookups, with every payload.
    fileprivate var bodyBytes: Int {
        switch self {
        case .hello(let reply): reply.wireBytes
        case .ping(let echo): echo.count
        case .statistics(let document): document.longWireBytes
        case .lookup(let replies): 2 + replies.totalBytes { $0.wireBytes(withPayloads: true) }
        case .insert(let outcomes): 2 + outcomes.totalBytes(\.wireBytes)
        case .get(let entry): entry.wireBytes(withPayload: true)
        case .delete(let found): 2 + found.count
        case .scan(let page): page.wireBytes
        case .invalidate(let outcomes): 2 + outcomes.totalBytes(\.wireBytes)
        case .lease(let reply): reply.wireBytes
        case .purge, .dropNamespace: PurgeReceipt.wireBytes
        case .liftFence, .follow: Position.wireBytes
        case .createNamespace(let description): description.wireBytes
        case .listNamespaces(let descriptions): 4 + descriptions.totalBytes(\.wireBytes)
        case .failure(let error, _): error.wireBytes
        }
    }

    fileprivate func write(to bytes: inout ByteBuffer) throws(CacheError) {
        switch self {
        case .hello(let reply): try reply.write(to: &bytes)
        case .ping(let echo): bytes.writeBytes(echo)
        case .statistics(let document): try bytes.write(long: document, as: "statistics")
        case .lookup(let replies):
            try bytes.write(count: replies.count, of: "batch")
            for reply in replies { try reply.write(to: &bytes, withPayloads: true) }
        case .insert(let outcomes):
            try bytes.write(count: outcomes.count, of: "batch")
            for outcome in outcomes { outcome.write(to: &bytes) }
        case .get(let entry): try entry.write(to: &bytes, withPayload: true)
        case .delete(let found):
            try bytes.write(count: found.count, of: "batch")
            for wasThere in found { bytes.write(wasThere) }
        case .scan(let page): try page.write(to: &bytes)
        case .invalidate(let outcomes):
            try bytes.write(count: outcomes.count, of: "batch")
            for outcome in outcomes { try outcome.write(to: &bytes) }
        case .lease(let reply): try reply.write(to: &bytes)
        case .purge(let receipt), .dropNamespace(let receipt): receipt.write(to: &bytes)
        case .liftFence(let position), .follow(let position): position.write(to: &bytes)
        case .createNamespace(let description): try description.write(to: &bytes)
        case .listNamespaces(let descriptions):
            bytes.write(UInt32(clamping: descriptions.count))
            for description in descriptions { try description.write(to: &bytes) }
        case .failure(let error, _): error.write(to: &bytes)
        }
    }
}
