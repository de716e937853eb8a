import CacheModel
import GatewayCore
import Synchronization

/// Questions whose answers are on their way to the cache. Who asks nearly the same waits until such an answer is stored,
/// and looks again, instead of calling the upstream as well: whether it is given that answer is for the cache and the
/// judge to say, as with any other that is stored.
final class QuestionBoard: Sendable {
    struct Question: Sendable {
        var namespace: Name
        var scope: Scope
        /// Who asks the very same joins its flight, and hears the answer as it comes.
        var key: ExactKey
        var text: String
        /// Any length but zero.
        var vector: [Float]
        /// What its answer will rest on.
        var dependencies: [Dependency]
        var freshness: FlightBoard.Flights.Freshness
        /// Whether its answer is to be stored, so that it is worth waiting for.
        var isStored: Bool
    }

    enum Admission: Sendable {
        /// Nobody asks nearly the same. Settle the ticket when the answer is stored, or will never be.
        case first(Ticket)
        case waits(Settlement)
        /// There are too many, or nobody may wait for this one.
        case alone
    }

    /// That nothing more is to be expected of a question.
    final class Settlement: Sendable {
        private struct State {
            var isSettled = false
            var nextWaiter: UInt64 = 1
            var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        }

        private let state = Mutex(State())

        fileprivate init() {}

        fileprivate func settle() {
            let waiters = state.withLock { state in
                state.isSettled = true
                defer { state.waiters = [:] }
                return state.waiters.values
            }
            for waiter in waiters { waiter.resume() }
        }

        /// Returns when it is there, or the task is cancelled.
        func wait() async {
            let number = state.withLock { state in
                defer { state.nextWaiter += 1 }
                return state.nextWaiter
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let goesOn = state.withLock { state in
                        guard !state.isSettled, !Task.isCancelled else { return true }
                        state.waiters[number] = continuation
                        return false
                    }
                    if goesOn { continuation.resume() }
                }
            } onCancel: {
                let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
                waiter?.resume()
            }
        }
    }

    /// Belongs to whoever has the answer made. One that is dropped is settled.
    final class Ticket: Sendable {
        private let board: QuestionBoard
        private let place: Place
        private let number: UInt64
        private let settlement: Settlement

        fileprivate init(_ board: QuestionBoard, _ place: Place, _ number: UInt64, _ settlement: Settlement) {
            (self.board, self.place, self.number, self.settlement) = (board, place, number, settlement)
        }

        deinit { settle() }

        func settle() {
            board.remove(number, of: place)
            settlement.settle()
        }
    }

    fileprivate struct Place: Hashable {
        var namespace: Name
        var scope: Scope
    }

    private struct Standing {
        var question: Question
        var settlement: Settlement
    }

    private struct State {
        var standing: [Place: [UInt64: Standing]] = [:]
        var count = 0
        var nextNumber: UInt64 = 1
    }

    private let state = Mutex(State())

    /// Questions of one scope that are compared, each with all that come.
    static let scopeCount = 64
    /// Nearest questions that the judge looks at.
    static let candidateCount = 4

    /// - Parameters:
    ///   - similarity: the cosine similarity at or above which a question is looked at.
    ///   - asksTheSame: what the judge says of another question, and of how near it is.
    func enter(
        _ question: Question, similarity: Float, asksTheSame: (_ text: String, _ similarity: Float) -> Bool
    ) -> Admission {
        let place = Place(namespace: question.namespace, scope: question.scope)
        return state.withLock { state in
            let others = state.standing[place] ?? [:]
            if let found = Self.nearest(question, others, similarity, asksTheSame) { return .waits(found) }
            guard question.isStored, others.count < Self.scopeCount, state.count < GatewayLimits.flightCount else {
                return .alone
            }
            let (number, settlement) = (state.nextNumber, Settlement())
            state.nextNumber += 1
            state.count += 1
            state.standing[place, default: [:]][number] = Standing(question: question, settlement: settlement)
            return .first(Ticket(self, place, number, settlement))
        }
    }

    private static func nearest(
        _ question: Question, _ others: [UInt64: Standing], _ similarity: Float,
        _ asksTheSame: (String, Float) -> Bool
    ) -> Settlement? {
        var candidates: [(similarity: Float, standing: Standing)] = []
        for other in others.values {
            let asked = other.question
            guard asked.key != question.key, question.freshness.allows(asked.freshness.start),
                DependencyCoverage.covers(asked.dependencies, question.dependencies)
            else { continue }
            let found = cosine(asked.vector, question.vector)
            if found >= similarity { candidates.append((found, other)) }
        }
        candidates.sort { $0.similarity > $1.similarity }
        return candidates.prefix(candidateCount).first { asksTheSame($0.standing.question.text, $0.similarity) }?
            .standing.settlement
    }

    /// - Returns: NaN, which is above nothing, for vectors of two lengths or of no length.
    static func cosine(_ one: [Float], _ other: [Float]) -> Float {
        guard one.count == other.count else { return .nan }
        var (dot, first, second) = (Float(0), Float(0), Float(0))
        for index in one.indices {
            dot += one[index] * other[index]
            first += one[index] * one[index]
            second += other[index] * other[index]
        }
        return dot / (first * second).squareRoot()
    }

    private func remove(_ number: UInt64, of place: Place) {
        state.withLock { state in
            guard state.standing[place]?.removeValue(forKey: number) != nil else { return }
            state.count -= 1
            if state.standing[place]?.isEmpty ?? false { state.standing[place] = nil }
        }
    }

    /// Questions whose answers are on their way.
    var count: Int { state.withLock(\.count) }
}
