import Foundation
import Testing

@testable import TextEmbedding

/// What the disk holds never traps: it is read, or refused with a stable code.
@Suite struct SafetensorsFileTests {
    private let model: TinyModel

    init() throws { model = try TinyModel() }

    private func code(_ data: Data) throws -> EmbeddingError.Code? {
        try model.write("model.safetensors", data)
        do {
            _ = try model.encoder()
            return nil
        } catch {
            return (error as? EmbeddingError)?.code
        }
    }

    private func header(_ text: String, numbers: Int = 64) -> Data {
        TinyModel.file(header: Data(text.utf8), numbers: Data(count: numbers))
    }

    @Test func aFileThatIsNotThereOrNoFileIsUnreadable() throws {
        try FileManager.default.removeItem(at: model.folder.appending(path: "model.safetensors"))
        let missing = #expect(throws: EmbeddingError.self) { try model.encoder() }
        #expect(missing?.code == .fileUnreadable)
        #expect(missing?.message.contains("model.safetensors") == true)
        let folder = #expect(throws: EmbeddingError.self) { try SafetensorsFile(path: model.folder.path) }
        #expect(folder?.code == .fileUnreadable)
    }

    @Test func aFileCutOffAnywhereIsDamaged() throws {
        let whole = try model.weights()
        for length in [0, 1, 7, 8, 9, 100, whole.count / 2, whole.count - 1] {
            #expect(try code(whole.prefix(length)) == .fileDamaged, "\(length) bytes")
        }
        #expect(try code(whole) == nil)
    }

    @Test func aHeaderThatIsLongerThanTheFileOrTheLimitIsDamaged() throws {
        for length in [UInt64.max, UInt64(Int.max), 1 << 40, 65] {
            var data = header("{}")
            withUnsafeBytes(of: length.littleEndian) { data.replaceSubrange(0..<8, with: $0) }
            if length == 65 { data.removeLast(10) }
            #expect(try code(data) == .fileDamaged, "\(length)")
        }
    }

    @Test(arguments: [
        "", "null", "[]", "{", "{\"a\": 1}", "{\"a\": {}}", "{\"a\": {\"dtype\": \"F32\", \"shape\": [4]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [-4], \"data_offsets\": [0, 1e300]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16, 32]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [16, 0]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [-16, 0]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [60, 76]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 9223372036854775807]}}",
        "{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 99999999999999999999]}}",
        String(repeating: "[", count: 100_000),
    ])
    func aHeaderThatIsNotOneIsDamaged(_ text: String) throws {
        #expect(try code(header(text)) == .fileDamaged)
    }

    @Test func aTensorThatIsMissingOrAnotherIsTold() throws {
        let name = "encoder.layer.1.output.dense.weight"
        let shape = [model.hidden, model.intermediate]
        let size = 4 * shape[0] * shape[1]
        func changed(_ entry: Any) throws -> EmbeddingError.Code? { try code(model.weights(changes: [name: entry])) }
        #expect(try changed(NSNull()) == .fileDamaged)
        #expect(try changed(["dtype": "F16", "shape": shape, "data_offsets": [0, size]]) == .weightsMismatch)
        #expect(
            try changed(["dtype": "F32", "shape": [shape[1], shape[0]], "data_offsets": [0, size]]) == .weightsMismatch)
        #expect(try changed(["dtype": "F32", "shape": shape, "data_offsets": [0, size - 4]]) == .fileDamaged)
        #expect(try changed(["dtype": "F32", "shape": shape, "data_offsets": [0, size]]) == nil)
        try model.write("config.json", model.configuration(["num_hidden_layers": 3]))
        #expect(try code(model.weights()) == .weightsMissing)
    }

    /// Without this a small file could ask for much memory.
    @Test func tensorsThatShareTheirBytesAreDamaged() throws {
        var changes: [String: Any] = [:]
        for (name, tensor) in model.tensors {
            changes[name] =
                [
                    "dtype": "F32", "shape": tensor.shape, "data_offsets": [0, 4 * tensor.shape.reduce(1, *)],
                ] as [String: Any]
        }
        let text = try JSONSerialization.data(withJSONObject: changes)
        let file = TinyModel.file(header: text, numbers: Data(count: 4 * model.vocabulary.count * model.positions))
        #expect(try code(file + Data(count: 2_000)) == .fileDamaged)
    }

    @Test func numbersAtOddAddressesAreReadAllTheSame() throws {
        let text = model.texts([7], seed: 1)
        let expected = try model.encoder().encode(text, scratch: EncoderScratch())
        for oddBytes in 1...4 {
            try model.write("model.safetensors", model.weights(oddBytes: oddBytes))
            #expect(try model.encoder().encode(text, scratch: EncoderScratch()) == expected)
        }
    }

    /// One byte of the header at a time: read or refused.
    @Test func noChangeOfTheHeaderEndsTheProcess() throws {
        let whole = try model.weights()
        var random = SeededGenerator(seed: 11)
        var codes: Set<EmbeddingError.Code?> = []
        for _ in 0..<300 {
            var data = whole
            let position = Int.random(in: 0..<3_000, using: &random)
            data[position] = UInt8.random(in: 0...255, using: &random)
            codes.insert(try code(data))
        }
        #expect(codes.isSuperset(of: [.fileDamaged]))
    }
}
