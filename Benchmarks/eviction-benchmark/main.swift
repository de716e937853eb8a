// What inserts take in an empty store, and in a full one in which each makes another entry go. Prints a line for each
// round.
//
//     eviction-benchmark --data /tmp/store --entries 100000 --rounds 5
//
// What the order of eviction saves, beside other caches:
//
//     eviction-benchmark savings

import Foundation

if CommandLine.arguments.dropFirst().first == "savings" {
    Savings.run()
} else {
    do {
        var session = try Session(try Options(CommandLine.arguments.dropFirst()))
        session.run()
    } catch {
        FileHandle.standardError.write(Data("eviction-benchmark: \(error)\n".utf8))
        exit(64)
    }
}
