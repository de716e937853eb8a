import CacheEngine
import CacheModel
import CacheProtocol
import NIOCore

extension ConnectionHandler {
    /// Answers PINGs from their bytes, as there may be very many of them.
    func echoPings(now: NIODeadline) {
        // Who has no token that holds any more is told so, also by a PING.
        guard state.mayEcho, access.isCurrent else { return }
        let count = inbound.echoPings(into: &output)
        guard count > 0 else { return }
        state.echoed(now: now)
        counters.update { $0.count(.ping, by: count) }
        hasLoopForItself = activity.note(requestOf: ObjectIdentifier(self), now: now)
        let times = RequestTimes(arrivedAt: now)
        let repliedAt = eventLoop.now
        for _ in 0..<count { services.metrics.timings.replied(.ping, times, now: repliedAt) }
        timedUntil = repliedAt
    }

    /// Does what the state says to a whole frame.
    func take(_ frame: Frame, now: NIODeadline) {
        let header = frame.header
        counters.update { $0.count(header.opcode) }
        hasLoopForItself = activity.note(requestOf: ObjectIdentifier(self), now: now)
        switch state.admit(header, now: now) {
        case .take:
            // Nothing is spent on what is refused anyway: of that there may be more than of everything else.
            if header.opcode == .lookup, let refusal = services.executor.lookupRefusal() {
                return refuse(header.opcode, header.requestIdentifier, refusal)
            }
            do throws(CacheError) {
                let start = timedUntil ?? eventLoop.now
                let request = try Request(frame)
                let decodedAt = eventLoop.now
                services.metrics.timings.decoded(decodedAt - start)
                timedUntil = decodedAt
                try answer(request, header.requestIdentifier, bytes: frame.bytes, arrivedAt: now)
            } catch {
                if error.closesConnection {
                    if error.code != .unauthenticated { counters.update { $0.protocolErrors += 1 } }
                    let identifier = header.requestIdentifier
                    state.end(.init(error: error, opcode: header.opcode, identifier: identifier), now: now)
                } else {
                    refuse(header.opcode, header.requestIdentifier, error)
                }
            }
        case .refuse(let error): refuse(header.opcode, header.requestIdentifier, error)
        case .end(let farewell):
            counters.update { $0.protocolErrors += 1 }
            state.end(farewell, now: now)
        }
    }

    private func refuse(_ opcode: Opcode, _ identifier: UInt64, _ error: CacheError) {
        timedUntil = nil
        counters.update { $0.requestsRefused += 1 }
        output.append(.failure(error, opcode), identifier: identifier)
    }

    /// Answers at once, or hands over to the engine, which never blocks this thread.
    private func answer(
        _ request: Request, _ identifier: UInt64, bytes: Int, arrivedAt: NIODeadline
    ) throws(CacheError) {
        var times = RequestTimes(arrivedAt: arrivedAt)
        if case .hello(let hello) = request {
            let version = try hello.negotiatedVersion()
            try authenticate(hello)
            state.helloAccepted()
            inbound.acceptLongFrames()
            reply(.hello(services.helloReply(version: version)), identifier, times)
            return
        }
        try authorize(request)
        let executor = services.executor
        let plan = RequestPlan(request, executor: executor, grant: access.grant) {
            services.statistics(now: eventLoop.now).json
        }
        switch plan {
        case .answer(let reply): self.reply(reply, identifier, times)
        case .read(let read, let assembly):
            if case .lookup = read, let answer = answerInline(read, arrivedAt: arrivedAt) {
                times.answeredAt = answer.at
                reply(assembly.reply(to: answer.reply), identifier, times)
                return
            }
            guard let mailbox = begin(assembly.opcode, identifier, bytes: bytes) else { return }
            executor.submit(read) { [times, eventLoop] answer in
                let times = times.answered(at: eventLoop.now)
                mailbox.put(assembly.reply(to: answer), identifier: identifier, times: times)
            }
            timedUntil = nil
        case .write(let write, let assembly):
            guard let mailbox = begin(assembly.opcode, identifier, bytes: bytes) else { return }
            executor.submit(write) { [times, eventLoop] answer in
                let times = times.answered(at: eventLoop.now)
                mailbox.put(assembly.reply(to: answer), identifier: identifier, times: times)
            }
            timedUntil = nil
        }
    }

    private func reply(_ reply: Reply, _ identifier: UInt64, _ times: RequestTimes) {
        output.append(reply, identifier: identifier)
        let repliedAt = eventLoop.now
        services.metrics.timings.replied(reply.opcode, times, now: repliedAt)
        timedUntil = repliedAt
    }

    /// - Returns: nil for what is to be handed over.
    private func answerInline(_ read: ReadRequest, arrivedAt: NIODeadline) -> (reply: ReadReply, at: NIODeadline)? {
        let limit = inlineLimit
        guard inlineAllowance > 0, limit == .long || activity.maySearch(now: arrivedAt) else { return nil }
        let start = timedUntil ?? eventLoop.now
        guard let reply = services.executor.answerInline(read, limit: limit) else { return nil }
        inlineAllowance -= 1
        let answeredAt = eventLoop.now
        activity.searched(for: answeredAt - start)
        return (reply, answeredAt)
    }

    /// A connection that has its event loop for itself and sends nothing before it is answered gains nothing by another
    /// thread.
    private var inlineLimit: InlineLimit {
        let isAlone = hasLoopForItself && state.inFlightCount == 0 && inbound.waitingBytes == 0
        return isAlone ? .long : .brief
    }

    /// - Returns: where the reply goes; nil when the request was refused for want of room.
    private func begin(_ opcode: Opcode, _ identifier: UInt64, bytes: Int) -> ReplyMailbox? {
        guard let mailbox, services.gauge.charge(bytes) else {
            refuse(opcode, identifier, .overloaded("too many bytes of requests wait for an answer"))
            return nil
        }
        state.begin(identifier, bytes: bytes)
        return mailbox
    }
}
