/// What a request asks for. A reply carries the opcode of its request.
package enum Opcode: UInt8, Hashable, Sendable, CaseIterable {
    /// Never a request: an error that concerns the connection itself, after which the server closes it.
    case connection = 0x00

    case hello = 0x01
    case ping = 0x02
    case statistics = 0x03

    case lookup = 0x10
    case insert = 0x11
    case get = 0x12
    case delete = 0x13
    case scan = 0x14

    case invalidate = 0x20
    case lease = 0x21
    case purge = 0x22
    case liftFence = 0x23

    case createNamespace = 0x30
    case listNamespaces = 0x31
    case dropNamespace = 0x32
    case follow = 0x33
}
