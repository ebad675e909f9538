import Dispatch
import Synchronization

/// A bounded number of threads for work that blocks, so that it takes none of those that all tasks share.
///
/// What finds no thread free waits its turn, first come, first served.
final class BlockingQueues: Sendable {
    typealias Work = @Sendable () -> Void

    private struct State {
        var idle: [DispatchQueue]
        var waiting: [Work] = []
    }

    private let state: Mutex<State>

    /// Up to `count` threads, made when they are needed; at least one.
    init(label: String, count: Int) {
        // Each is serial: Dispatch gives such a queue a thread of its own, while it bounds those of a concurrent one by
        // the number of processors.
        state = Mutex(State(idle: (0..<max(1, count)).map { DispatchQueue(label: "\(label).\($0)") }))
    }

    /// Runs `work` as soon as a thread is free.
    func submit(_ work: @escaping Work) {
        let queue = state.withLock { state in
            let queue = state.idle.popLast()
            if queue == nil { state.waiting.append(work) }
            return queue
        }
        if let queue { run(work, on: queue) }
    }

    private func run(_ work: @escaping Work, on queue: DispatchQueue) {
        queue.async {
            work()
            self.goOn(with: queue)
        }
    }

    private func goOn(with queue: DispatchQueue) {
        let next = state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() as Work? }
            state.idle.append(queue)
            return nil
        }
        if let next { run(next, on: queue) }
    }
}
