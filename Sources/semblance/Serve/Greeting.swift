import CacheEngine
import CacheModel
import CacheServer
import CacheStorage

/// What a service says when it listens.
struct Greeting {
    var addresses: [ListenAddress]
    /// Whether there is a certificate.
    var isEncrypted: Bool
    var metricsAreEncrypted: Bool
    /// Nil where no metrics are served.
    var metricsAddress: ListenAddress?
    var data: String
    var opening: OpeningReport
    var kernel: String
    /// How many there are; nil where nobody is asked for one.
    var tokens: Int?
    var tokenFile: String
    var durability: Durability
    var position: Position
    var finding: StoreInspection.Finding

    var lines: [String] {
        var pairs: [(name: String, value: String)] = addresses.map { ("address", text($0)) }
        if let metricsAddress {
            pairs.append(("metrics", "http\(metricsAreEncrypted ? "s" : "")://\(metricsAddress)/metrics"))
        }
        pairs.append(("data", data + (opening.isNew ? " (new)" : "")))
        pairs.append(
            (
                "entries",
                NumberText.grouped(opening.entryCount)
                    + " in \(NumberText.count(opening.namespaceCount, "namespace", "namespaces"))"
            ))
        pairs.append(("kernel", kernel))
        pairs.append(
            (
                "tokens",
                tokens.map { "\(NumberText.grouped($0)) in \(tokenFile)" }
                    ?? "none asked for: whoever reaches an address may do everything"
            ))
        pairs.append(("durability", durability.rawValue))
        pairs.append(("position", position.description))
        pairs.append(("fence", opening.isFenced ? "up" : "none"))
        return ["semblance \(ServiceVersion.current)"] + TextTable.pairs(pairs) + warnings
            + ["Listening. Control-C stops the service."]
    }

    private func text(_ address: ListenAddress) -> String {
        switch address {
        case .loopback, .network: "\(address)" + (isEncrypted ? " with TLS" : "")
        case .unixSocket: address.description
        }
    }

    private var warnings: [String] {
        var lines: [String] = []
        if let place = finding.quarantine?.directory ?? opening.quarantinedTo {
            let reason = finding.quarantine?.damage.message ?? opening.damage?.message ?? "it could not be read"
            lines.append("The store was damaged: \(reason).")
            lines.append("It was moved to \(place); this one began empty.")
        }
        if finding.hasRemovedEntries || opening.damagedEntryCount > 0 {
            lines.append("Damaged entries were found and removed; they are misses from now on.")
        }
        if opening.isFenced {
            lines.append(
                "The store is fenced: answers that depend on a source are refused until it is announced again with")
            lines.append(
                "`semblance invalidate SOURCE@VERSION --incarnation \(position.incarnation.hexadecimal)`, or until "
                    + "`semblance fence lift`.")
        }
        return lines
    }
}
