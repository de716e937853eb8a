// Trains and measures adapter and match model on labeled pairs.

import Foundation
import PromptMatching

do {
    let options = try Options(CommandLine.arguments.dropFirst())
    let session = try Session(options)
    try session.run()
} catch {
    FileHandle.standardError.write(Data("matching-benchmark: \(error)\n".utf8))
    exit(1)
}
