import Dispatch

/// A serial executor with a queue of its own, so that libpq may wait in poll(2) without holding up a thread that
/// other tasks need.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue
    /// Runs tasks on the same queue.
    let forTasks: QueueTaskExecutor

    init(label: String) {
        queue = DispatchQueue(label: label)
        forTasks = QueueTaskExecutor(queue)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}

/// Runs whole tasks on one queue, one after the other.
package final class QueueTaskExecutor: TaskExecutor {
    private let queue: DispatchQueue

    init(_ queue: DispatchQueue) { self.queue = queue }

    /// On a queue of its own: for tasks that shall not wait behind those on the threads that all share.
    package init(label: String) { queue = DispatchQueue(label: label) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
