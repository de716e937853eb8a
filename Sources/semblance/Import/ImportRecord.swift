import CacheModel
import FoundationEssentials

/// One line of a `.jsonl` file: what is stored with the vector of that row in the `.npy` file beside it, or with the
/// vector that the line has itself. `semblance export` writes the latter.
///
/// A key that is not known is refused and not passed over: a misspelt `depends_on` would store an answer that nothing
/// invalidates.
struct ImportRecord: Decodable, Hashable {
    var payload: [UInt8]
    var prompt: String?
    var contentType: String?
    var scope: Scope?
    var key: ExactKey?
    var dependencies: [Dependency] = []
    var tags: [String] = []
    var expiresAtMilliseconds: Int64?
    var timeToLiveMilliseconds: Int64?
    var costSavedNanodollars: UInt64 = 0
    var lease: Lease?
    /// Of an export: the position of the lease under which the entry was stored. Such a row never gets the lease of the
    /// import, which says that the data is up to date now.
    var filledAt: Position?
    var createdAtMilliseconds: Int64?
    var vector: [Float]?
    /// The vector is of length one, its bits are kept, and this was its length.
    var norm: Float?

    private enum Key: String, CodingKey, CaseIterable {
        case payload, prompt, scope, key, tags, lease, vector, norm
        case payloadBase64 = "payload_base64"
        case vectorBits = "vector_f32"
        case createdAt = "created_at"
        case filledAt = "filled_at"
        case costSavedNanodollars = "cost_saved_nanodollars"
        case contentType = "content_type"
        case dependsOn = "depends_on"
        case expiresAt = "expires_at"
        case timeToLive = "ttl_ms"
        case costSaved = "cost_saved_usd"
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// For vectors without a line: the number of the row is the payload.
    init(row: Int) {
        payload = Array(String(row).utf8)
        contentType = "text/plain; charset=utf-8"
    }

    /// - Throws: `invalid-argument`, naming the key.
    init(parsing line: [UInt8]) throws(CacheError) {
        do {
            self = try JSONDecoder().decode(ImportRecord.self, from: Data(line))
        } catch let error as CacheError {
            throw error
        } catch let error as DecodingError {
            throw Self.invalid(Self.reason(error))
        } catch {
            throw Self.invalid("the line is no JSON object")
        }
    }

    init(from decoder: any Decoder) throws {
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys where Key(rawValue: key.stringValue) == nil {
            throw Self.invalid("the key '\(key.stringValue.prefix(40))' is not known")
        }
        let container = try decoder.container(keyedBy: Key.self)
        payload = try Self.payload(container)
        prompt = try container.decodeIfPresent(String.self, forKey: .prompt)
        contentType = try container.decodeIfPresent(String.self, forKey: .contentType)
        scope = try Self.text(container, .scope, "32 hexadecimal digits") { Scope($0) }
        key = try Self.text(container, .key, "32 hexadecimal digits") { ExactKey($0) }
        lease = try Self.text(container, .lease, "a lease as the service hands it out") { Lease($0) }
        filledAt = try Self.text(container, .filledAt, "a position such as 00c1f3a09b2e7d44:17") { Position($0) }
        let fields = try container.decodeIfPresent([DependencyField].self, forKey: .dependsOn)
        dependencies = fields?.map(\.dependency) ?? []
        tags = try container.decodeIfPresent([String].self, forKey: .tags) ?? []
        expiresAtMilliseconds = try Self.milliseconds(container, .expiresAt)
        timeToLiveMilliseconds = try Self.milliseconds(container, .timeToLive)
        createdAtMilliseconds = try Self.milliseconds(container, .createdAt)
        (vector, norm) = try Self.vector(container)
        guard expiresAtMilliseconds == nil || timeToLiveMilliseconds == nil else {
            throw Self.invalid("'expires_at' and 'ttl_ms' exclude each other")
        }
        guard timeToLiveMilliseconds.map({ $0 > 0 }) ?? true else { throw Self.invalid("'ttl_ms' is more than 0") }
        if let dollars = try container.decodeIfPresent(Double.self, forKey: .costSaved) {
            guard let amount = ArgumentText.nanodollars(dollars) else {
                throw Self.invalid("'cost_saved_usd' is a number of dollars from 0 through a thousand million")
            }
            costSavedNanodollars = amount
        }
        if let amount = try container.decodeIfPresent(UInt64.self, forKey: .costSavedNanodollars) {
            costSavedNanodollars = amount
        }
    }

    private static func payload(_ container: KeyedDecodingContainer<Key>) throws -> [UInt8] {
        guard container.contains(.payloadBase64) else {
            return Array(try container.decode(String.self, forKey: .payload).utf8)
        }
        guard !container.contains(.payload) else { throw invalid("'payload' and 'payload_base64' exclude each other") }
        return try base64(container, .payloadBase64)
    }

    private static func vector(_ container: KeyedDecodingContainer<Key>) throws -> (vector: [Float]?, norm: Float?) {
        let norm = try container.decodeIfPresent(Float.self, forKey: .norm)
        let vector = try container.decodeIfPresent([Float].self, forKey: .vector)
        guard container.contains(.vectorBits) else {
            guard norm == nil || vector != nil else { throw invalid("'norm' is of a vector, and there is none") }
            return (vector, norm)
        }
        guard vector == nil else { throw invalid("'vector' and 'vector_f32' exclude each other") }
        guard let components = VectorBits.vector(try base64(container, .vectorBits)) else {
            throw invalid("'vector_f32' is no base64 of 32-bit floats")
        }
        return (components, norm)
    }

    private static func base64(_ container: KeyedDecodingContainer<Key>, _ key: Key) throws -> [UInt8] {
        guard let data = Data(base64Encoded: try container.decode(String.self, forKey: key)) else {
            throw invalid("'\(key.rawValue)' is no base64")
        }
        return Array(data)
    }

    private static func text<Value>(
        _ container: KeyedDecodingContainer<Key>, _ key: Key, _ form: String, _ parse: (String) -> Value?
    ) throws -> Value? {
        guard let text = try container.decodeIfPresent(String.self, forKey: key) else { return nil }
        guard let value = parse(text) else { throw invalid("'\(key.rawValue)' is not \(form)") }
        return value
    }

    /// Read as a floating-point number, which holds every accepted one, so that a fraction is named as what it is.
    private static func milliseconds(_ container: KeyedDecodingContainer<Key>, _ key: Key) throws -> Int64? {
        guard let number = try container.decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard let milliseconds = Int64(exactly: number), milliseconds <= Limits.latestTimestampMilliseconds else {
            throw invalid("'\(key.rawValue)' is not a whole number of milliseconds up to the year 9999")
        }
        return milliseconds
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "the key '\(key.stringValue)' is missing"
        case .typeMismatch(_, let context) where context.codingPath.isEmpty: "the line is no JSON object"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "the line is not JSON"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "'\(context.codingPath.first?.stringValue ?? "")' is of another type than it should be"
        default: "the line is not JSON"
        }
    }

    private static func invalid(_ reason: String) -> CacheError { CacheError(.invalidArgument, reason) }

    /// - Parameters:
    ///   - now: what `ttl_ms` counts from.
    ///   - lease: for a row that has none of its own.
    func insertion(vector: [Float]?, now: Timestamp, lease importLease: Lease?) -> Insertion {
        let expiry = timeToLiveMilliseconds.map { now.advanced(byMilliseconds: $0) }
        return Insertion(
            scope: scope ?? .shared, key: key, vector: vector ?? self.vector, prompt: prompt, payload: payload,
            contentType: contentType ?? "text/plain; charset=utf-8", dependencies: dependencies, tags: tags,
            expiresAt: expiry ?? expiresAtMilliseconds.map { Timestamp(milliseconds: $0) },
            costSavedNanodollars: costSavedNanodollars, lease: lease ?? fillLease(importLease),
            createdAt: createdAtMilliseconds.map { Timestamp(milliseconds: $0) }, norm: norm)
    }

    /// In the store that the entry comes from it is judged as it was. In another one it counts as made before anything
    /// that the store has been told of its sources, so that nothing that has changed becomes fresh again.
    private func fillLease(_ importLease: Lease?) -> Lease? {
        guard let filledAt, var lease = importLease else { return importLease }
        lease.position.sequence = filledAt.incarnation == lease.position.incarnation ? filledAt.sequence : 0
        return lease
    }
}
