import Foundation

/// Sockets that `select` waits for. Its timeout has microseconds, which an open loop needs and `poll` does not have.
struct DescriptorSet {
    private var bits = fd_set()
    private var highest: Int32 = -1

    /// What `select` can take.
    static let limit: Int32 = 1_024

    mutating func insert(_ descriptor: Int32) {
        withUnsafeMutableBytes(of: &bits) { $0[Int(descriptor >> 3)] |= 1 << UInt8(descriptor & 7) }
        highest = max(highest, descriptor)
    }

    func contains(_ descriptor: Int32) -> Bool {
        withUnsafeBytes(of: bits) { $0[Int(descriptor >> 3)] & 1 << UInt8(descriptor & 7) != 0 }
    }

    /// Waits until one of the sockets can be read or written, and leaves those that can.
    ///
    /// - Parameter microseconds: the longest that it waits.
    static func wait(_ readable: inout DescriptorSet, _ writable: inout DescriptorSet, microseconds: Int) {
        var time = timeval()
        time.tv_sec = .init(microseconds / 1_000_000)
        time.tv_usec = .init(microseconds % 1_000_000)
        let status = select(max(readable.highest, writable.highest) + 1, &readable.bits, &writable.bits, nil, &time)
        // After an interruption the sets say nothing.
        if status < 0 { (readable, writable) = (DescriptorSet(), DescriptorSet()) }
    }
}
