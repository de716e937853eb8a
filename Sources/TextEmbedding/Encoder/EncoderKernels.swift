package import CEncoderKernels

/// What the numbers of a model are rounded to.
package enum EncoderPrecision: String, Hashable, Sendable, CaseIterable {
    /// As the model has them. Every machine computes the same bits.
    case float32
    /// Weights and what they are multiplied with in 16 bits, sums in 32: half the memory and about half the time, on
    /// machines with instructions for it.
    case bfloat16
}

/// The encoder kernels of one instruction set.
package struct EncoderKernels: Sendable {
    /// The environment variable that forces an instruction set, as for the search.
    package static let environmentVariable = "SEMBLANCE_KERNEL"

    // A constant of the C target that nobody writes to.
    package nonisolated(unsafe) let table: UnsafePointer<sek_kernels>

    package var name: String { String(cString: table.pointee.name) }

    /// The kernels that this machine can run, fastest first.
    package static var supported: [EncoderKernels] {
        var all: [EncoderKernels] = []
        while let table = sek_kernels(all.count) { all.append(EncoderKernels(table: table)) }
        return all
    }

    /// The fastest kernels of this machine, or those that the environment asks for by `SEMBLANCE_KERNEL`.
    /// - Throws: `unsupported-kernels` for a name that does not exist or that this machine cannot run.
    package init(environment: [String: String]) throws(EmbeddingError) {
        let supported = Self.supported
        let wanted = environment[Self.environmentVariable]
        guard let found = supported.first(where: { wanted == nil || $0.name == wanted }) else {
            throw EmbeddingError(
                .unsupportedKernels,
                "\(Self.environmentVariable) names kernels that this machine does not have; it has "
                    + "\(supported.map(\.name).joined(separator: ", ")).")
        }
        self = found
    }

    private init(table: UnsafePointer<sek_kernels>) { self.table = table }

    package func supports(_ precision: EncoderPrecision) -> Bool {
        precision == .float32 || table.pointee.multiply_bfloat != nil
    }
}
