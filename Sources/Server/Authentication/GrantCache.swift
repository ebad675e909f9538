import Cryptography
import LedgerStore
import Synchronization

/// Remembers for a moment who a token belongs to, so that a request costs no query of its own.
///
/// What another instance revokes is believed for `lifetime` at most; what this one revokes is forgotten at once.
final class GrantCache: Sendable {
    /// How long an answer is believed.
    static let lifetime = Duration.seconds(2)
    /// After this one of the requests asks again, while the others still believe.
    private static let freshTime = Duration.seconds(1)
    private static let countMax = 10_000

    private struct Known {
        let caller: Caller
        let readAt: ContinuousClock.Instant
        var isBeingRenewed = false
    }

    private struct State {
        var known: [Digest: Known] = [:]
        /// Counts revocations: an answer that was asked for before one must not be kept after it.
        var revocations = 0
    }

    private let state = Mutex(State())

    /// Who the token with this hash belongs to; otherwise the caller must ask, and hand in the ticket with the answer.
    func caller(_ hash: Digest, now: ContinuousClock.Instant) -> (caller: Caller?, ticket: Int) {
        state.withLock { state in
            guard let known = state.known[hash], now - known.readAt < Self.lifetime else {
                return (nil, state.revocations)
            }
            guard now - known.readAt > Self.freshTime, !known.isBeingRenewed else {
                return (known.caller, state.revocations)
            }
            state.known[hash]?.isBeingRenewed = true
            return (nil, state.revocations)
        }
    }

    /// Keeps what the store said; nil forgets.
    func keep(_ caller: Caller?, _ hash: Digest, readAt: ContinuousClock.Instant, ticket: Int) {
        state.withLock { state in
            guard let caller, state.revocations == ticket else {
                state.known[hash] = nil
                return
            }
            if state.known.count >= Self.countMax { state.known = [:] }
            state.known[hash] = Known(caller: caller, readAt: readAt)
        }
    }

    /// Forgets the token with this id.
    func forget(tokenID: String) {
        state.withLock { state in
            state.revocations += 1
            state.known = state.known.filter { $0.value.caller.grant.id != tokenID }
        }
    }
}
