/// The version of the service: in the reply to HELLO, in the statistics and on the command line.
package enum ServiceVersion {
    package static let current = "0.1.0"
}
