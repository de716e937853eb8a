import Foundation
import Testing

@testable import CacheServer

/// When files are read again. A state is told from another by its number.
@Suite struct FileChangeRuleTests {
    private func states(_ numbers: [Int]) -> [FileState] { numbers.map { FileState(changedNanoseconds: $0) } }

    /// - Returns: for each look, whether the files are read.
    private func reads(_ looks: [[Int]], forced: Set<Int> = []) -> [Bool] {
        var rule = FileChangeRule(tried: states([1, 1]))
        return looks.enumerated().map { rule.isToBeRead(states($0.element), isForced: forced.contains($0.offset)) }
    }

    @Test func whatIsAsItWasIsNotReadAgain() { #expect(reads([[1, 1], [1, 1], [1, 1]]) == [false, false, false]) }

    @Test func whatHasChangedIsReadOnceItIsStill() {
        #expect(reads([[2, 2], [2, 2], [2, 2], [3, 3], [3, 3]]) == [false, true, false, false, true])
    }

    @Test func aPairIsNotReadWhileHalfOfItIsOnTheWay() {
        #expect(reads([[2, 1], [2, 2], [2, 2]]) == [false, false, true])
    }

    @Test func whatHasChangedBackIsNotReadAgain() {
        #expect(reads([[2, 1], [1, 1], [1, 1]]) == [false, false, false])
    }

    @Test func whatIsAskedForIsReadAtOnce() {
        #expect(reads([[1, 1], [2, 2], [2, 2]], forced: [0, 1]) == [true, true, false])
    }

    @Test func aFileIsToldFromTheOneThatTakesItsPlaceAndFromNone() throws {
        let certificates = try TestCertificates()
        let path = certificates.path("certificate.pem")
        let first = FileState(path: path)
        #expect(FileState(path: path) == first)
        try certificates.install("renewed")
        #expect(FileState(path: path) != first)
        #expect(FileState(path: path + ".gone") == FileState())
    }
}
