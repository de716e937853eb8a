// The sentence encoder alone, driven line by line: `Benchmarks/encoder/run` measures it beside other runtimes.

import Foundation

/// Writes an answer and does not wait for a full buffer: the other side waits for it.
func write(_ answer: Session.Answer) throws {
    var line = try JSONEncoder().encode(answer)
    line.append(UInt8(ascii: "\n"))
    try FileHandle.standardOutput.write(contentsOf: line)
}

let session = Session()
while let command = readLine() {
    do {
        try write(try await session.answer(command))
    } catch {
        try write(Session.Answer(error: "\(error)"))
    }
}
