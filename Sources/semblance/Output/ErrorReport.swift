import ArgumentParser
import CacheModel

/// An error as a command shows it: what happened, and what to do next.
struct ErrorReport {
    var error: CacheError
    /// What was asked for, where a hint needs it.
    var address: String?

    init(_ error: CacheError, address: String? = nil) {
        self.error = error
        self.address = address
    }

    /// For what is not a `CacheError`, such as a failed read of a file.
    init(_ error: any Error, address: String? = nil) {
        switch error {
        case let error as CacheError: self.init(error, address: address)
        case is CancellationError: self.init(CacheError(.internalError, "the command was cancelled"), address: address)
        default: self.init(CacheError(.internalError, "\(error)"), address: address)
        }
    }

    /// `error: code: message (detail)`, and a line of advice where there is any.
    var lines: [String] {
        ["error: \(error)"] + (advice.map { ["  \($0)"] } ?? [])
    }

    var json: JSONText {
        .fields([
            "error": .fields([
                "code": .text(error.code.rawValue), "message": .text(error.message),
                "detail": .object(error.detail.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) }),
                "advice": advice.map { .text($0) },
            ])
        ])
    }

    /// What to do next, for errors after which that is the same in every command.
    var advice: String? {
        switch error.code {
        case .connectionFailed where error.detail["tls"] != nil: tlsAdvice
        case .connectionFailed:
            "Is the service running at \(address ?? "that address")? `semblance serve` starts one; "
                + "--address names another."
        case .connectionClosed:
            "The connection was lost. What was being written may be stored or not: look before repeating it."
        case .deadlineExceeded: "The service did not answer in time; --timeout 1m waits longer."
        case .unauthenticated:
            "Give the command one with --token-file, or in SEMBLANCE_TOKEN; `semblance token create` makes one, where "
                + "the service keeps its tokens."
        case .forbidden: "`semblance token list` shows, where the service keeps its tokens, what each is good for."
        case .overloaded: "The service is busy. Try again in a moment."
        case .namespaceNotFound: "`semblance namespace list` shows those that exist."
        case .namespaceConflict: "It exists with other settings: `semblance namespace list` shows them."
        case .dimensionMismatch:
            "The namespace holds vectors of another length, so of another model: use another --namespace."
        case .modelMismatch: "Vectors of different models cannot be compared: use another --namespace."
        case .leaseRequired:
            "Take a lease before reading the data (`semblance lease`) and pass it with --lease, "
                + "or name the version read: --depends-on SOURCE@VERSION."
        case .staleDependency, .superseded: "The answer is out of date. Compute it again from the present data."
        case .badLease: "The lease is of another namespace or store. Take a new one: `semblance lease`."
        case .fenced:
            "The store has lost what it knew of its sources. Announce each source again with the present "
                + "--incarnation, or vouch for all of them: `semblance fence lift`."
        case .labelConflict:
            "Look at what is true now, and set it against the position shown: --position "
                + (error.detail["position"] ?? "POSITION")
        case .generationConflict:
            "The source was reset: name the version in the present generation, SOURCE@VERSION~POSITION."
        case .kindMismatch: "The source was announced in the other kind before: versions (@) and labels (#) do not mix."
        case .entryNotFound: "It was deleted, has expired, is stale, or never was."
        case .storeLocked: "One process at a time uses a store: stop the other one, or name another --data."
        case .storageFull: "Give the disk room, or start the service with a larger --map-size."
        case .storeDamaged: "`semblance serve` moves a damaged store aside and begins an empty one, fenced."
        case .unsupportedFormat: "The store was written by a newer version: use that one."
        default: nil
        }
    }

    private var tlsAdvice: String {
        switch error.detail["tls"] {
        case "untrusted": "--tls-ca FILE names the authority that has signed the service's certificate."
        case "other-name": "--tls-server-name NAME names the one that the certificate is for."
        case "certificate-required": "--tls-client-certificate FILE and --tls-client-key FILE show one of your own."
        case "plaintext": "Leave out --tls and what belongs to it, or look whether this is the right address."
        case "encrypted": "Add --tls-ca FILE, or --tls if the system trusts the service's certificate."
        default: "The service's log says more at --log-level debug."
        }
    }

    /// Exit codes of all commands.
    enum Exit {
        static let failed = ExitCode(1)
        /// The command did its work, but not all of it was accepted: refused rows, damage found.
        static let partly = ExitCode(2)
    }

    /// On standard error: lines for people, or one line of JSON. Standard output never holds errors.
    func print(asJSON: Bool) {
        if asJSON {
            Terminal.error.line(json.line)
        } else {
            let (first, rest) = (lines[0], lines.dropFirst())
            Terminal.error.line(Terminal.error.colored("error", .red) + first.dropFirst("error".count))
            for line in rest { Terminal.error.line(line) }
        }
    }
}
