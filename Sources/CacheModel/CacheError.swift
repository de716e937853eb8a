/// What went wrong, in a form that both people and programs can act on.
///
/// `code` is stable and the same on the wire, in the clients and on the command line; `message` is a sentence for a person;
/// `detail` holds the values that the message speaks of, under the names given with each code.
public struct CacheError: Error, Hashable, Sendable {
    public var code: Code
    public var message: String
    public var detail: [String: String]

    public init(_ code: Code, _ message: String, detail: [String: String] = [:]) {
        self.code = code
        self.message = message
        self.detail = detail
    }

    /// The stable names of errors. The raw value is the name that documents and `--json` use.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        // The frame or the request is not what the protocol says.
        case malformedFrame = "malformed-frame"
        case frameTooLarge = "frame-too-large"
        case unsupportedVersion = "unsupported-version"
        /// A field is outside of its range. Detail: `field`, `limit` where there is one.
        case invalidArgument = "invalid-argument"

        // The vector or the entry cannot be taken.
        /// Detail: `expected`, `got`.
        case dimensionMismatch = "dimension-mismatch"
        /// NaN, infinity or a zero vector. Detail: `row`, the index in the batch.
        case invalidVector = "invalid-vector"
        /// Detail: `limit`, `got`, in bytes.
        case payloadTooLarge = "payload-too-large"
        /// The namespace holds embeddings of another model. Detail: `expected`, `got`.
        case modelMismatch = "model-mismatch"

        // Data versions. Detail: `source`, and `current` where there is a current value.
        case staleDependency = "stale-dependency"
        case leaseRequired = "lease-required"
        case badLease = "bad-lease"
        case kindMismatch = "kind-mismatch"
        case generationConflict = "generation-conflict"
        /// Detail: `current`, `position`.
        case labelConflict = "label-conflict"
        case fenced = "fenced"
        /// A newer fill of the same key is stored already. Detail: `entry`.
        case superseded = "superseded"

        // What is asked for does not exist, or exists otherwise.
        case namespaceNotFound = "namespace-not-found"
        case namespaceConflict = "namespace-conflict"
        case entryNotFound = "entry-not-found"
        case limitExceeded = "limit-exceeded"

        // Who asks may not. Both name no secret.
        /// The service asks for a token, and none was sent that holds.
        case unauthenticated = "unauthenticated"
        /// The token is not good for this. Detail: `scope`, those of which one would be enough; or `namespace`.
        case forbidden = "forbidden"

        // The service cannot do it now.
        /// Detail: `retry-after-ms`.
        case overloaded = "overloaded"
        case storageFull = "storage-full"
        case storageFailed = "storage-failed"
        case storeLocked = "store-locked"
        case storeDamaged = "store-damaged"
        case unsupportedFormat = "unsupported-format"
        case shuttingDown = "shutting-down"
        case internalError = "internal-error"

        // Raised by clients and by the command line.
        case connectionFailed = "connection-failed"
        case connectionClosed = "connection-closed"
        case deadlineExceeded = "deadline-exceeded"
        case invalidConfiguration = "invalid-configuration"

        /// The number on the wire. Numbers are never used again for another meaning.
        public var number: UInt16 {
            switch self {
            case .malformedFrame: 1
            case .frameTooLarge: 2
            case .unsupportedVersion: 3
            case .invalidArgument: 4
            case .dimensionMismatch: 10
            case .invalidVector: 11
            case .payloadTooLarge: 12
            case .modelMismatch: 13
            case .staleDependency: 20
            case .leaseRequired: 21
            case .badLease: 22
            case .kindMismatch: 23
            case .generationConflict: 24
            case .labelConflict: 25
            case .fenced: 26
            case .superseded: 27
            case .namespaceNotFound: 30
            case .namespaceConflict: 31
            case .entryNotFound: 32
            case .limitExceeded: 33
            case .overloaded: 40
            case .storageFull: 41
            case .storageFailed: 42
            case .storeLocked: 43
            case .storeDamaged: 44
            case .unsupportedFormat: 45
            case .shuttingDown: 46
            case .internalError: 47
            case .unauthenticated: 50
            case .forbidden: 51
            case .connectionFailed: 60
            case .connectionClosed: 61
            case .deadlineExceeded: 62
            case .invalidConfiguration: 63
            }
        }

        private static let byNumber = [UInt16: Code](uniqueKeysWithValues: allCases.map { ($0.number, $0) })

        /// - Returns: nil for a number that this version does not know.
        public init?(number: UInt16) {
            guard let code = Self.byNumber[number] else { return nil }
            self = code
        }
    }
}

extension CacheError: CustomStringConvertible {
    public var description: String {
        guard !detail.isEmpty else { return "\(code.rawValue): \(message)" }
        let pairs = detail.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return "\(code.rawValue): \(message) (\(pairs.joined(separator: ", ")))"
    }
}
