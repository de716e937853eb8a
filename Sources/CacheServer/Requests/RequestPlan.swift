package import CacheAccess
package import CacheEngine
import CacheModel
package import CacheProtocol

/// What it takes to answer a request.
package enum RequestPlan: Sendable {
    /// The answer is there already.
    case answer(Reply)
    case read(ReadRequest, ReplyAssembly)
    indirect case write(WriteRequest, ReplyAssembly)

    /// - Parameters:
    ///   - grant: of whoever asks; it is good for the request.
    ///   - statistics: makes the document for STATISTICS.
    package init(
        _ request: Request, executor: some RequestExecutor, grant: AccessGrant = .everything, statistics: () -> String
    ) {
        switch request {
        case .hello: self = .answer(.failure(CacheError(.invalidArgument, "HELLO was accepted already"), .hello))
        case .ping(let echo): self = .answer(.ping(echo))
        case .statistics: self = .answer(.statistics(statistics()))
        case .lookup(let request):
            let (lookups, refusals) = BatchRefusals.part(request.lookups)
            let assembly = ReplyAssembly(opcode: .lookup, refusals: refusals)
            guard !lookups.isEmpty else {
                // No reply of the engine's lends its lease.
                let lease = executor.lease(namespace: request.namespace, sources: []).lease
                self = .answer(assembly.lookup([], lease: lease))
                return
            }
            self = .read(.lookup(namespace: request.namespace, lookups), assembly)
        case .insert(let request):
            let (insertions, refusals) = BatchRefusals.part(request.insertions)
            let assembly = ReplyAssembly(opcode: .insert, refusals: refusals)
            guard !insertions.isEmpty else {
                self = .answer(assembly.reply(to: .inserted([])))
                return
            }
            let model = request.model.isEmpty ? nil : request.model
            let batch = InsertBatch(namespace: request.namespace, model: model, insertions: insertions)
            self = .write(.insert(batch), assembly)
        case .invalidate(let request):
            let (invalidations, refusals) = BatchRefusals.part(request.invalidations)
            let assembly = ReplyAssembly(opcode: .invalidate, refusals: refusals)
            guard !invalidations.isEmpty else {
                self = .answer(assembly.reply(to: .invalidated([])))
                return
            }
            self = .write(.invalidate(namespace: request.namespace, invalidations), assembly)
        case .get(let request):
            self = .read(
                .get(namespace: request.namespace, scope: request.scope, entry: request.entry),
                ReplyAssembly(opcode: .get))
        case .scan(let request):
            self = .read(.scan(namespace: request.namespace, request.scan), ReplyAssembly(opcode: .scan))
        case .delete(let request):
            self = .write(
                .delete(namespace: request.namespace, entries: request.entries, scope: request.scope),
                ReplyAssembly(opcode: .delete))
        case .lease(let request):
            let (lease, sources) = executor.lease(namespace: request.namespace, sources: request.sources)
            self = .answer(.lease(LeaseReply(lease: lease, sources: sources)))
        case .purge(let request):
            self = .write(.purge(namespace: request.namespace, request.purge), ReplyAssembly(opcode: .purge))
        case .liftFence: self = .write(.liftFence, ReplyAssembly(opcode: .liftFence))
        case .createNamespace(let request):
            self = .write(
                .createNamespace(request.name, request.settings), ReplyAssembly(opcode: .createNamespace))
        case .listNamespaces:
            self = .answer(.listNamespaces(executor.namespaces().filter { grant.reaches($0.name) }))
        case .dropNamespace(let name): self = .write(.dropNamespace(name), ReplyAssembly(opcode: .dropNamespace))
        case .follow(let request):
            self = .write(
                .follow(namespace: request.namespace, followed: request.followed), ReplyAssembly(opcode: .follow))
        }
    }
}
