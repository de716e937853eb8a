import CacheModel
import Testing

@testable import semblance

@Suite struct ImportStateTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func state(rowCount: Int = 100) throws -> ImportState {
        let path = try folder.write("a.npy", NumPyBytes.float32([[1]]))
        return ImportState(
            vectors: ImportState.File(try FileBytes(path)), payloads: nil, address: "127.0.0.1:7707", namespace: "n",
            rowCount: rowCount, lease: Lease(position: .zero, namespace: 0).description)
    }

    @Test func whatIsLeftIsFoundWhateverTheOrderOfReplies() throws {
        var state = try state()
        #expect(state.gap(from: 0) == 0..<100)
        state.finish(20..<40)
        state.finish(0..<10)
        #expect(state.gap(from: 0) == 10..<20)
        #expect(state.gap(from: 15) == 15..<20)
        #expect(state.gap(from: 30) == 40..<100)
        state.finish(10..<20)
        #expect(state.done == [[0, 40]])
        state.finish(40..<100)
        #expect(state.gap(from: 0) == nil)
        #expect(state.isComplete)
    }

    @Test func aStateIsReadAsItWasWritten() throws {
        var state = try state()
        state.finish(3..<9)
        state.storedCount = 6
        let path = folder.file("state")
        #expect(try ImportState.read(path) == nil)
        try state.write(path)
        #expect(try ImportState.read(path) == state)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"version": 1}"#,
    ])
    func whatIsNoStateIsRefused(_ text: String) throws {
        let path = try folder.write("state", text)
        #expect(throws: CacheError.self) { try ImportState.read(path) }
    }

    @Test(arguments: [[[0]], [[5, 3]], [[0, 10], [5, 20]], [[0, 101]], [[-1, 4]], [[10, 20], [0, 5]]])
    func rangesThatContradictEachOtherAreRefused(_ done: [[Int]]) throws {
        var state = try state()
        state.done = done
        let path = folder.file("state")
        try state.write(path)
        #expect(throws: CacheError.self) { try ImportState.read(path) }
    }
}
