import NIOPosix

/// Looks after the tokens while a server runs.
struct AccessWatch: Sendable {
    let control: AccessControl
    /// How long a change may go unnoticed.
    let interval: Duration

    /// Until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: interval)
                // Where files are read, and not on the threads that tasks share.
                try await NIOThreadPool.singleton.runIfActive { control.refresh() }
            } catch {
                return
            }
        }
    }
}
