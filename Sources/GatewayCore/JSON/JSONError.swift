/// Why a text is not JSON that is taken, and where.
package struct JSONError: Error, Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case unexpectedEnd = "the text ends too early"
        case unexpectedByte = "this byte cannot stand here"
        case controlCharacter = "a control character in a string must be escaped"
        case invalidEscape = "no such escape"
        case loneSurrogate = "half of a surrogate pair"
        case invalidUTF8 = "not UTF-8"
        case invalidNumber = "not a number"
        case duplicateMember = "an object has two members of this name"
        case tooLarge = "the text is too long"
        case tooDeep = "too many objects and arrays inside of each other"
        case tooManyValues = "too many values"
    }

    package var reason: Reason
    /// In bytes from the beginning of the text.
    package var offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String { "\(reason.rawValue) (byte \(offset))" }
}

extension GatewayError {
    /// The error of a request's body that is not JSON.
    package init(_ error: JSONError) {
        switch error.reason {
        case .tooLarge: self.init(.requestTooLarge, "The request is longer than \(error.offset) bytes.")
        default: self.init(.invalidJSON, "The body is not valid JSON: \(error).")
        }
    }
}
