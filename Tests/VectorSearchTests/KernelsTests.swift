import CVectorKernels
import CacheModel
import Testing

@testable import VectorSearch

@Suite struct KernelsTests {
    @Test func withoutAWishTheFastestSupportedKernelsAreTaken() throws {
        let kernels = try Kernels(environment: ["PATH": "/bin"])
        #expect(Kernels.supported.contains(kernels.instructionSet))
        #expect(Kernels.supported.contains(.serial))
        #expect(Kernels.supported.count == 1 || kernels.instructionSet != .serial)
    }

    @Test func everySupportedNameForcesItsKernels() throws {
        for set in Kernels.supported {
            let kernels = try Kernels(environment: ["SEMBLANCE_KERNEL": set.rawValue])
            #expect(kernels.instructionSet == set)
            #expect(String(cString: kernels.table.pointee.name) == kernels.name)
        }
    }

    @Test func aNameThatDoesNotExistOrCannotRunHereIsRefusedWithTheOnesThatCan() {
        let foreign = Kernels.InstructionSet.allCases.filter { !Kernels.supported.contains($0) }.map(\.rawValue)
        #expect(!foreign.isEmpty, "no machine has both NEON and AVX")
        for name in foreign + ["", "AVX2", "sse"] {
            let error = #expect(throws: CacheError.self) { try Kernels(environment: ["SEMBLANCE_KERNEL": name]) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.detail["got"] == name)
            for set in Kernels.supported { #expect(error?.message.contains(set.rawValue) == true) }
        }
    }

    @Test func anOpenBlasWithoutThreadsIsRefusedWithTheNameOfTheRightPackage() throws {
        for parallelism: Int32 in [0, 2] {
            let error = #expect(throws: CacheError.self) {
                try BlasLibrary.check(parallelism: parallelism, configuration: "a build")
            }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("libopenblas0-pthread") == true)
        }
        try BlasLibrary.check(parallelism: 1, configuration: "a build")
    }
}
