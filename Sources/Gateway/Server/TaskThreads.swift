import NIOCore
import NIOPosix

/// Which threads run Swift's tasks.
package enum TaskThreads {
    /// Has tasks run on the event loops, so that a request stays on the thread that has read it, and no other has to be
    /// woken for every step. Tasks must never block, which they must not on Swift's own threads either.
    ///
    /// To be called once, at the beginning of the process and on its main thread. Where the runtime has no hook for it,
    /// tasks stay on Swift's own threads.
    package static func joinEventLoops() {
        NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
    }
}
