import Synchronization

/// One call under way, and who waits for its outcome: a thread finishes it, or the caller's cancellation does.
final class PendingCall: Sendable {
    typealias Outcome = Result<HTTPAnswer, OutboundError>

    private enum State {
        case started
        case awaited(CheckedContinuation<Outcome, Never>)
        case over
    }

    private let state = Mutex<State>(.started)

    /// Whether nobody waits any more.
    var isOver: Bool {
        state.withLock { state in
            if case .over = state { true } else { false }
        }
    }

    /// Says who waits. To be called once, before the call has a thread; false if it was cancelled already.
    func attach(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        let isAwaited = state.withLock { state in
            guard case .started = state else { return false }
            state = .awaited(continuation)
            return true
        }
        if !isAwaited { continuation.resume(returning: .failure(.cancelled)) }
        return isAwaited
    }

    /// Wakes who waits, once; later outcomes are dropped.
    func finish(_ outcome: Outcome) {
        let before = state.withLock { state in
            defer { state = .over }
            return state
        }
        if case .awaited(let continuation) = before { continuation.resume(returning: outcome) }
    }
}
