import Foundation
import VectorSearch

/// A `.npy` matrix of float32, read where it is mapped, as the service reads its rows from the store's file.
///
/// Rows begin at 64-byte boundaries, a stride of `UnitVector.stride` apart; a file whose dimension does not allow that
/// is copied. Lives until the process ends.
struct VectorFile {
    enum Failure: Error, CustomStringConvertible {
        case unreadable(String)
        case unsuitable(String, reason: String)

        var description: String {
            switch self {
            case .unreadable(let path): "\(path) cannot be read"
            case .unsuitable(let path, let reason): "\(path) \(reason)"
            }
        }
    }

    let count: Int
    let dimension: Int
    /// Floats from one row to the next.
    let stride: Int
    private let base: UnsafePointer<Float>

    func row(_ index: Int) -> UnsafePointer<Float> { base + index * stride }

    /// As searches and builders ask for rows.
    func address(_ number: UInt32) -> UnsafePointer<Float>? { row(Int(number)) }

    init(path: String) throws {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Failure.unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 10 else { throw Failure.unreadable(path) }
        let size = Int(status.st_size)
        guard let map = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), map != MAP_FAILED else {
            throw Failure.unreadable(path)
        }
        guard memcmp(map, "\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) }, 6) == 0,
            map.load(fromByteOffset: 6, as: UInt8.self) == 1
        else { throw Failure.unsuitable(path, reason: "is not a .npy file of version 1") }
        let start = 10 + Int(UInt16(littleEndian: map.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
        guard start <= size else { throw Failure.unsuitable(path, reason: "ends within its header") }
        let header = String(decoding: UnsafeRawBufferPointer(start: map + 10, count: start - 10), as: UTF8.self)
        let shape = header.split(separator: "(").last?.split(separator: ")").first?.split(separator: ",").compactMap {
            Int($0.trimmingCharacters(in: .whitespaces))
        }
        guard header.contains("'<f4'"), header.contains("'fortran_order': False"), let shape, shape.count == 2,
            shape[0] > 0, shape[1] > 0, Double(shape[0]) * Double(shape[1]) * 4 == Double(size - start)
        else { throw Failure.unsuitable(path, reason: "is not a matrix of float32") }
        count = shape[0]
        dimension = shape[1]
        stride = UnitVector.stride(dimension: dimension)
        let floats = (map + start).assumingMemoryBound(to: Float.self)
        if stride == dimension, start % 64 == 0 {
            base = UnsafePointer(floats)
        } else {
            let copy = UnsafeMutableRawPointer.allocate(byteCount: count * stride * 4, alignment: 64)
                .initializeMemory(as: Float.self, repeating: 0, count: count * stride)
            for index in 0..<count {
                (copy + index * stride).update(from: floats + index * dimension, count: dimension)
            }
            munmap(map, size)
            base = UnsafePointer(copy)
        }
    }

    /// The bounds of the index hold for unit vectors; 2⁻²² is how far the service lets a length be off.
    func checkLengths(path: String) throws {
        for index in 0..<count {
            let row = row(index)
            var squares = 0.0
            for position in 0..<dimension { squares += Double(row[position]) * Double(row[position]) }
            guard abs(squares.squareRoot() - 1) <= 0x1p-22 else {
                throw Failure.unsuitable(path, reason: "has a row, \(index), whose length is not one")
            }
        }
    }
}
