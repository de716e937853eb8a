import CacheModel
import Testing

/// Codes are a promise to every client that was ever built: neither a name nor a number changes its meaning.
@Suite struct CacheErrorTests {
    private static let promised: [(String, UInt16)] = [
        ("malformed-frame", 1), ("frame-too-large", 2), ("unsupported-version", 3), ("invalid-argument", 4),
        ("dimension-mismatch", 10), ("invalid-vector", 11), ("payload-too-large", 12), ("model-mismatch", 13),
        ("stale-dependency", 20), ("lease-required", 21), ("bad-lease", 22), ("kind-mismatch", 23),
        ("generation-conflict", 24), ("label-conflict", 25), ("fenced", 26), ("superseded", 27),
        ("namespace-not-found", 30), ("namespace-conflict", 31), ("entry-not-found", 32), ("limit-exceeded", 33),
        ("overloaded", 40), ("storage-full", 41), ("storage-failed", 42), ("store-locked", 43),
        ("store-damaged", 44), ("unsupported-format", 45), ("shutting-down", 46), ("internal-error", 47),
        ("unauthenticated", 50), ("forbidden", 51),
        ("connection-failed", 60), ("connection-closed", 61), ("deadline-exceeded", 62),
        ("invalid-configuration", 63),
    ]

    @Test func everyNumberMeansWhatItAlwaysMeant() {
        for (name, number) in Self.promised {
            #expect(CacheError.Code(rawValue: name)?.number == number)
            #expect(CacheError.Code(number: number)?.rawValue == name)
        }
    }

    @Test func aNewCodeIsAddedToThePromise() {
        #expect(Set(CacheError.Code.allCases.map(\.rawValue)) == Set(Self.promised.map(\.0)))
    }

    @Test func noTwoCodesShareANumber() {
        #expect(Set(CacheError.Code.allCases.map(\.number)).count == CacheError.Code.allCases.count)
        #expect(CacheError.Code(number: 0) == nil)
        #expect(CacheError.Code(number: .max) == nil)
    }

    @Test func theDescriptionNamesTheDetailInAFixedOrder() {
        let error = CacheError(.dimensionMismatch, "no", detail: ["got": "3", "expected": "2"])
        #expect(error.description == "dimension-mismatch: no (expected=2, got=3)")
        #expect(CacheError(.fenced, "no").description == "fenced: no")
    }
}
