/// One line of an HTTP header. A name may come several times.
package struct HeaderField: Hashable, Sendable {
    /// In lower case, as names are compared without regard to it.
    package let name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name.lowercased()
        self.value = value
    }
}

extension HeaderField {
    /// What our own headers begin with, in requests and responses.
    package static let ownPrefix = "x-semblance-"

    var isOwn: Bool { name.hasPrefix(Self.ownPrefix) }

    /// Whether the name is a token of HTTP and the value has no byte that would end the line or the header.
    var isValid: Bool {
        !name.isEmpty && name.utf8.allSatisfy(Self.isTokenByte) && value.utf8.allSatisfy(Self.isValueByte)
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    static func isValueByte(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7f) }
}

extension Sequence<HeaderField> {
    /// The values of all lines with this name, in lower case, in their order.
    func values(_ name: String) -> [String] { filter { $0.name == name }.map(\.value) }
}
