import Foundation

/// A `.npy` file of version 1 with a matrix of float32.
struct NumPyMatrix {
    let rows: Int
    let columns: Int
    let values: [Float]

    struct Unsuitable: Error, CustomStringConvertible {
        let description: String
    }

    init(path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        guard data.count > 10, data.starts(with: [0x93] + Array("NUMPY".utf8)), data[6] == 1 else {
            throw Unsuitable(description: "\(path) is not a .npy file of version 1")
        }
        let start = 10 + Int(data[8]) + Int(data[9]) << 8
        guard start <= data.count else { throw Unsuitable(description: "\(path) ends within its header") }
        let header = String(decoding: data[10..<start], as: UTF8.self)
        let shape = header.split(separator: "(").last?.split(separator: ")").first?.split(separator: ",").compactMap {
            Int($0.trimmingCharacters(in: .whitespaces))
        }
        guard header.contains("'<f4'"), header.contains("'fortran_order': False"), let shape, shape.count == 2,
            shape[0] > 0, shape[1] > 0, Double(shape[0]) * Double(shape[1]) * 4 == Double(data.count - start)
        else { throw Unsuitable(description: "\(path) is not a matrix of float32") }
        rows = shape[0]
        columns = shape[1]
        values = data.dropFirst(start).withUnsafeBytes { bytes in
            (0..<shape[0] * shape[1]).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
    }
}
