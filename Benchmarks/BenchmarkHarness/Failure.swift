/// Why a benchmark cannot go on, in words for whoever runs it.
package struct Failure: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
