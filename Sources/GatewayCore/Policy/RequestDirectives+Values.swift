import CacheModel

extension RequestDirectives {
    /// Takes over the value of one directive.
    ///
    /// - Parameter label: what the client calls it: the header, or the key of the metadata.
    mutating func read(_ value: String, as directive: DirectiveName, _ label: String) throws(GatewayError) {
        guard value.utf8.count <= GatewayLimits.directiveBytes else {
            throw Self.invalid(label, "is longer than \(GatewayLimits.directiveBytes) bytes")
        }
        let text = String(HeaderList.trimmed(value[...]))
        switch directive {
        case .threshold:
            threshold = try Self.required(text, label, "a number from 0 through 1, such as 0.95") { text in
                DecimalText.fraction(text).flatMap { (0...1).contains($0) ? Float($0) : nil }
            }
        case .namespace:
            namespace = try Self.required(text, label, "a name of 1 through \(Limits.namespaceBytes) bytes") {
                Self.name($0, limitBytes: Limits.namespaceBytes)
            }
        case .tags: tags = try Self.tags(text, label)
        case .dependsOn:
            do {
                dependencies = try DependencyList.parse(text)
            } catch {
                throw Self.invalid(label, error.reason)
            }
        case .lease:
            lease = try Self.required(
                text, label, "a lease such as 00c1f3a09b2e7d44:17/11b17b9125e871a8, as GET /v1/lease gives it",
                Lease.init)
        case .ttl:
            timeToLiveMilliseconds = try Self.required(
                text, label, DurationText.expectation, DurationText.milliseconds(parsing:))
        case .useCase:
            useCase = try Self.required(text, label, "a name of 1 through \(GatewayLimits.nameBytes) bytes") {
                Self.name($0, limitBytes: GatewayLimits.nameBytes)
            }
        case .user:
            user = try Self.required(text, label, "1 through \(GatewayLimits.userBytes) bytes, no control characters") {
                Self.name($0, limitBytes: GatewayLimits.userBytes)
            }
        case .route:
            let choices = RouteChoice.allCases.map(\.rawValue).joined(separator: ", ")
            route = try Self.required(text, label, "one of \(choices)", RouteChoice.init(rawValue:))
        case .deadline:
            deadlineMilliseconds = try Self.required(
                text, label, DurationText.expectation, DurationText.milliseconds(parsing:))
        case .wait:
            waitsForStoring = try Self.required(text, label, "answer or stored") { ["answer": false, "stored": true][$0] }
        case .trim:
            isTrimmed = try Self.required(text, label, "on or off") { ["on": true, "off": false][$0] }
        }
    }

    private static func required<Value>(
        _ text: String, _ label: String, _ expectation: String, _ read: (String) -> Value?
    ) throws(GatewayError) -> Value {
        guard let value = read(text) else { throw invalid(label, "must be \(expectation)") }
        return value
    }

    private static func name(_ text: String, limitBytes: Int) -> String? {
        guard (1...limitBytes).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            return nil
        }
        return text
    }

    private static func tags(_ text: String, _ label: String) throws(GatewayError) -> [String] {
        var tags: [String] = []
        var seen: Set<Name> = []
        for element in HeaderList.elements(text) {
            guard let tag = PercentCoding.decode(element), (1...Limits.tagBytes).contains(tag.utf8.count) else {
                throw invalid(
                    label, "has a tag that is not 1 through \(Limits.tagBytes) bytes of UTF-8, percent-encoded or plain"
                )
            }
            guard seen.insert(Name(tag)).inserted else { continue }
            guard tags.count < GatewayLimits.tagCount else {
                throw invalid(label, "has more than \(GatewayLimits.tagCount) tags")
            }
            tags.append(tag)
        }
        return tags
    }
}
