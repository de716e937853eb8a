package import CacheModel
package import CVectorKernels

/// The vector kernels of one instruction set. Every set gives the same bits, so the choice is one of speed only.
package struct Kernels: Sendable {
    package enum InstructionSet: String, Sendable, CaseIterable {
        case serial
        case avx2
        case avx512
        case neon

        var inC: svk_instruction_set {
            switch self {
            case .serial: SVK_SERIAL
            case .avx2: SVK_AVX2
            case .avx512: SVK_AVX512
            case .neon: SVK_NEON
            }
        }
    }

    /// The environment variable that forces an instruction set.
    package static let environmentVariable = "SEMBLANCE_KERNEL"

    package let instructionSet: InstructionSet
    // A constant of the C target that nobody writes to.
    package nonisolated(unsafe) let table: UnsafePointer<svk_kernels>

    /// The name that `SEMBLANCE_KERNEL` and logs use.
    package var name: String { instructionSet.rawValue }

    /// - Returns: nil when this machine cannot run the instruction set.
    package init?(_ instructionSet: InstructionSet) {
        guard let table = svk_kernels(instructionSet.inC) else { return nil }
        self.instructionSet = instructionSet
        self.table = table
    }

    /// The instruction sets that this machine can run.
    package static var supported: [InstructionSet] {
        InstructionSet.allCases.filter { svk_kernels($0.inC) != nil }
    }

    /// The fastest kernels of this machine, or the ones that the environment asks for by `SEMBLANCE_KERNEL`.
    /// - Throws: `invalidConfiguration` for a name that does not exist or that this machine cannot run.
    package init(environment: [String: String]) throws(CacheError) {
        let best = svk_best_instruction_set()
        let set: InstructionSet?
        let wanted = environment[Self.environmentVariable]
        if let wanted {
            set = InstructionSet(rawValue: wanted)
        } else {
            set = InstructionSet.allCases.first { $0.inC == best }
        }
        guard let set, let kernels = Kernels(set) else {
            let supported = Self.supported.map(\.rawValue).joined(separator: ", ")
            throw CacheError(
                .invalidConfiguration,
                "\(Self.environmentVariable) names kernels that this machine does not have; it has \(supported).",
                detail: ["got": wanted ?? "", "supported": supported])
        }
        self = kernels
    }
}
