package import CacheModel
import NIOCore

package struct CreateNamespaceRequest: Hashable, Sendable {
    package var name: String
    package var settings: NamespaceSettings

    package init(name: String, settings: NamespaceSettings) {
        self.name = name
        self.settings = settings
    }

    var wireBytes: Int { name.wireBytes + settings.wireBytes }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(name, as: "namespace")
        try settings.write(to: &bytes)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        name = try reader.namespace()
        settings = try NamespaceSettings(from: &reader)
    }
}

extension NamespaceSettings {
    private enum Flag {
        static let timeToLive: UInt8 = 1
        static let capacity: UInt8 = 2
        static let known = timeToLive | capacity
    }

    static let minimumWireBytes = 1 + 2 + 4 + 2

    var wireBytes: Int {
        Self.minimumWireBytes + model.utf8.count + (timeToLiveMilliseconds == nil ? 0 : 8) + (capacity == nil ? 0 : 8)
    }

    /// Flags u8, dimension u16 (0 for none yet), threshold f32, time to live i64, capacity u64, model.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        var flags: UInt8 = 0
        if timeToLiveMilliseconds != nil { flags |= Flag.timeToLive }
        if capacity != nil { flags |= Flag.capacity }
        bytes.write(flags)
        try bytes.write(count: dimension ?? 0, of: "dimension")
        bytes.write(threshold)
        if let timeToLiveMilliseconds { bytes.write(timeToLiveMilliseconds) }
        if let capacity { bytes.write(UInt64(clamping: capacity)) }
        try bytes.write(model, as: "model")
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let flags = try reader.flags(known: Flag.known)
        let dimension = Int(try reader.integer(UInt16.self))
        if dimension > Limits.dimensionRange.upperBound {
            reader.note(.outOfRange("dimension", limit: Limits.dimensionRange.upperBound, got: dimension))
        }
        let threshold = try reader.threshold()
        let timeToLive = flags & Flag.timeToLive == 0 ? nil : try reader.integer(Int64.self)
        if let timeToLive, timeToLive < 1 {
            reader.note(.invalid("time-to-live", "a time to live is less than a millisecond"))
        }
        let capacity = flags & Flag.capacity == 0 ? nil : Int(clamping: try reader.integer(UInt64.self))
        if let capacity, !(1...Limits.rowsPerNamespace).contains(capacity) {
            let limit = capacity < 1 ? 1 : Limits.rowsPerNamespace
            reader.note(.outOfRange("capacity", limit: limit, got: capacity))
        }
        let model = try reader.string("model", in: 0...Limits.modelBytes)
        self.init(
            dimension: dimension == 0 ? nil : dimension, model: model, threshold: threshold,
            timeToLiveMilliseconds: timeToLive, capacity: capacity)
    }
}

extension NamespaceDescription {
    static let minimumWireBytes = 2 + NamespaceSettings.minimumWireBytes + 4 * 8

    var wireBytes: Int { name.wireBytes + settings.wireBytes + 4 * 8 }

    /// Name, settings, then u64 counts of entries, rows, scopes and watermarks.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(name, as: "namespace")
        try settings.write(to: &bytes)
        bytes.write(UInt64(clamping: entryCount))
        bytes.write(UInt64(clamping: rowCount))
        bytes.write(UInt64(clamping: scopeCount))
        bytes.write(UInt64(clamping: watermarkCount))
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let name = try reader.string("namespace", in: 1...Limits.namespaceBytes)
        let settings = try NamespaceSettings(from: &reader)
        let entryCount = try reader.quantity()
        let rowCount = try reader.quantity()
        let scopeCount = try reader.quantity()
        self.init(
            name: name, settings: settings, entryCount: entryCount, rowCount: rowCount, scopeCount: scopeCount,
            watermarkCount: try reader.quantity())
    }
}
