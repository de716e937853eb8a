import CacheModel
import Testing

@testable import VectorSearch

@Suite struct UnitVectorTests {
    private static let dimensions = [1, 2, 3, 7, 8, 9, 15, 16, 17, 100, 384, 1_536, 4_095, 4_096]

    @Test func aNormalizedVectorHasLengthOneAndZerosBehindIt() throws {
        var random = SeededGenerator(seed: 5)
        for dimension in Self.dimensions {
            let vector = try UnitVector(random.components(dimension))
            let row = vector.row
            #expect(row.count == vector.stride && row.count % 16 == 0 && row.count - dimension < 16)
            #expect(row[dimension...].allSatisfy { $0.bitPattern == 0 })
            let squares = row.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(squares - 1) <= 0x1p-22)
            vector.withUnsafeRow { #expect(UInt(bitPattern: $0.baseAddress) % 64 == 0) }
        }
    }

    @Test func theNormIsReported() throws {
        #expect(try UnitVector([3, -4]).norm == 5)
        #expect(try UnitVector([3, -4]).row.prefix(2) == [0.6, -0.8])
        #expect(try UnitVector([-0.5]).row.prefix(1) == [-1])
    }

    @Test func hugeAndTinyComponentsNeitherOverflowNorVanish() throws {
        let huge = try UnitVector([Float](repeating: .greatestFiniteMagnitude, count: 4_096))
        #expect(huge.norm == .greatestFiniteMagnitude)
        #expect(huge.row.allSatisfy { $0 == 0x1p-6 })
        let tiny = try UnitVector([Float](repeating: .leastNonzeroMagnitude, count: 4))
        #expect(tiny.norm == 2 * .leastNonzeroMagnitude)
        #expect(tiny.row.prefix(4).allSatisfy { $0 == 0.5 })
        let mixed = try UnitVector([1e38, .leastNonzeroMagnitude, -1e38])
        #expect(mixed.row[0] == -mixed.row[2] && mixed.row[1] == 0)
    }

    @Test func theSameDirectionAtTwiceTheLengthHasTheSameBits() throws {
        var random = SeededGenerator(seed: 6)
        for dimension in Self.dimensions {
            let components = random.components(dimension)
            let vector = try UnitVector(components)
            #expect(try vector == UnitVector(components))
            #expect(try vector == UnitVector(components.map { $0 * 0x1p60 }))
            #expect(try vector != UnitVector(components.map { -$0 }))
        }
    }

    @Test func whatHasNoDirectionIsRefused() {
        for components: [Float] in [[0], [0, -0.0, 0], [1, .nan], [.infinity], [1, -.infinity, .nan]] {
            let error = #expect(throws: CacheError.self) { try UnitVector(components) }
            #expect(error?.code == .invalidVector)
        }
        for count in [0, 4_097] {
            let error = #expect(throws: CacheError.self) { try UnitVector([Float](repeating: 1, count: count)) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func identicalVectorsHaveSimilarityOneOnEveryInstructionSet() throws {
        var random = SeededGenerator(seed: 7)
        var roundedBelowOne = 0
        for set in Kernels.supported {
            let kernels = try #require(Kernels(set))
            for dimension in Array(1...64) + Self.dimensions {
                let components = random.components(dimension)
                let vector = try UnitVector(components)
                let again = try UnitVector(components)
                let dot = definedDot(vector.row, again.row)
                #expect(abs(dot - 1) <= Similarity.identitySlack)
                if dot < 1 { roundedBelowOne += 1 }
                #expect(Similarity.between(vector, again, kernels: kernels) == 1)
                #expect(Similarity.between(vector, try UnitVector(components.map { -$0 }), kernels: kernels) >= -1)
            }
        }
        #expect(roundedBelowOne > 0, "the rule for identical rows was never needed")
    }

    @Test func aQueryOutOfRangeIsRefused() throws {
        let vector = try UnitVector([1, 2])
        for threshold: Float in [.nan, 1.01, -1.01, .infinity] {
            #expect(throws: CacheError.self) { try Query(vector, threshold: threshold) }
        }
        for neighbors in [0, -1, 101] {
            #expect(throws: CacheError.self) { try Query(vector, threshold: 0.5, neighbors: neighbors) }
        }
    }
}
