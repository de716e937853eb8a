import ServiceLoad
import Testing

@Suite struct ClusteredVectorsTests {
    private let vectors = ClusteredVectors(dimension: 384, centerCount: 16, seed: 1)
    private let rowCount = 400

    private func best(_ query: [Float], except number: Int? = nil) -> Float {
        (0..<rowCount).filter { $0 != number }.map { row in zip(vectors.row(row), query).reduce(0) { $0 + $1.0 * $1.1 }
        }
        .max() ?? -1
    }

    @Test func theSeedDecidesEveryRow() {
        let same = ClusteredVectors(dimension: 384, centerCount: 16, seed: 1)
        let other = ClusteredVectors(dimension: 384, centerCount: 16, seed: 2)
        #expect(vectors.row(7) == same.row(7))
        #expect(vectors.row(7) != other.row(7))
        #expect(vectors.row(7) != vectors.row(8))
    }

    @Test func everySecondQueryHasARowToFind() {
        for number in 0..<20 {
            let similarity = best(vectors.query(number, rowCount: rowCount))
            #expect(number.isMultiple(of: 2) ? similarity > 0.97 : similarity < 0.9, "query \(number): \(similarity)")
        }
    }

    @Test func rowsOfAClusterAreNearEachOtherAndNeverTheSame() {
        for number in 0..<10 {
            let similarity = best(vectors.row(number), except: number)
            #expect((0.5..<0.9).contains(similarity), "row \(number): \(similarity)")
        }
    }
}
