import Synchronization

/// Lends connections, at most `size` at a time, and keeps them open for the next borrower.
///
/// Waiters are served in the order they came. A connection is opened by the task that needs it, never in the
/// background. Broken connections are dropped; a connection left in a transaction is rolled back when it comes back.
/// What else a borrower changes (SET, advisory locks, temporary tables) stays with the connection.
package final class ConnectionPool: Sendable {
    /// A connection idle for longer is looked at before it is lent: the server may have restarted meanwhile.
    static let trustedIdleTime: Duration = .seconds(1)
    /// How long the rollback of a connection left in a transaction may take.
    static let rollbackTimeout: Duration = .seconds(5)

    package let size: Int
    private let target: ConnectionTarget
    private let idleLimit: Duration
    private let state = Mutex(State())

    private struct Idle {
        let connection: Connection
        let since: ContinuousClock.Instant
    }

    private struct Waiter {
        let ticket: UInt64
        let continuation: CheckedContinuation<Grant, Never>
    }

    /// What a task gets when it is its turn.
    private enum Grant: Sendable {
        /// The right to a connection, and one that is open already if there is one.
        case slot(Connection?, idleFor: Duration)
        case refused(PostgresError)
    }

    private struct State {
        /// Longest idle first; the last is lent next, so that a quiet pool shrinks.
        var idle: [Idle] = []
        var lent = 0
        var waiters: [Waiter] = []
        var tickets: UInt64 = 0
        var isClosed = false

        /// A slot if one is free. While somebody waits none is: slots go straight to the first waiter.
        mutating func takeSlot(of size: Int) -> Grant? {
            if isClosed { return .refused(ConnectionPool.closed) }
            guard lent < size else { return nil }
            lent += 1
            let next = idle.popLast()
            return .slot(next?.connection, idleFor: next.map { .now - $0.since } ?? .zero)
        }
    }

    /// Connections idle for longer than `idleLimit` are closed, as long as `run()` runs.
    package init(target: ConnectionTarget, size: Int, idleLimit: Duration = .seconds(300)) {
        precondition(size > 0, "a pool needs at least one connection")
        self.target = target
        self.size = size
        self.idleLimit = idleLimit
    }

    /// Closes idle connections in time, until the task is cancelled; then closes the pool. The pool works without it.
    package func run() async {
        while (try? await Task.sleep(for: idleLimit / 2)) != nil { await closeIdle() }
        await close()
    }

    /// Lends a connection to `body`. Waiting for it and opening it end at `deadline`.
    @discardableResult
    package func withConnection<Value>(
        deadline: ContinuousClock.Instant, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        try await lend(try await acquire(deadline: deadline), to: body)
    }

    /// Lends a connection to `body`, which runs on the connection's own thread: a conversation of several short calls
    /// then changes threads at its ends only. Nothing in it may wait for long, and child tasks run there as well.
    @discardableResult
    package func withConnectionThread<Value>(
        deadline: ContinuousClock.Instant, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        let connection = try await acquire(deadline: deadline)
        return try await withTaskExecutorPreference(connection.taskExecutor) {
            try await lend(connection, to: body)
        }
    }

    private func lend<Value>(
        _ connection: Connection, to body: (Connection) async throws -> Value
    ) async throws -> Value {
        do {
            let value = try await body(connection)
            await giveBack(connection)
            return value
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Refuses all waiters and closes idle connections at once, lent ones when they come back.
    package func close() async {
        let (idle, waiters) = state.withLock { state in
            state.isClosed = true
            defer { (state.idle, state.waiters) = ([], []) }
            return (state.idle, state.waiters)
        }
        for waiter in waiters { waiter.continuation.resume(returning: .refused(Self.closed)) }
        for idle in idle { await idle.connection.close() }
    }

    /// Connections lent now, idle now, and tasks waiting now.
    package var occupancy: (lent: Int, idle: Int, waiting: Int) {
        state.withLock { ($0.lent, $0.idle.count, $0.waiters.count) }
    }

    private static var closed: PostgresError { PostgresError(.closed, "the pool is closed") }

    // MARK: Lending

    private func acquire(deadline: ContinuousClock.Instant) async throws(PostgresError) -> Connection {
        switch await slot(deadline: deadline) {
        case .refused(let error): throw error
        case .slot(let connection?, let idleFor):
            guard idleFor > Self.trustedIdleTime, await !connection.checkAlive() else { return connection }
            return try await openInSlot(deadline: deadline)
        case .slot(nil, _): return try await openInSlot(deadline: deadline)
        }
    }

    private func slot(deadline: ContinuousClock.Instant) async -> Grant {
        if let grant = state.withLock({ $0.takeSlot(of: size) }) { return grant }
        return await waitForSlot(deadline: deadline)
    }

    private func openInSlot(deadline: ContinuousClock.Instant) async throws(PostgresError) -> Connection {
        do throws(PostgresError) {
            return try await Connection.open(target, deadline: deadline)
        } catch {
            passOn(nil)
            throw error
        }
    }

    private func waitForSlot(deadline: ContinuousClock.Instant) async -> Grant {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
                self.dismiss(ticket, PostgresError(.timedOut, "no connection became free in time"))
            }
            defer { group.cancelAll() }
            return await withTaskCancellationHandler {
                await withCheckedContinuation { self.enqueue(Waiter(ticket: ticket, continuation: $0)) }
            } onCancel: {
                self.dismiss(ticket, PostgresError(.cancelled, "cancelled while waiting for a connection"))
            }
        }
    }

    /// Between the first try and this one a slot may have become free, or the task may have been cancelled: its
    /// cancellation handler finds the waiter only from here on.
    private func enqueue(_ waiter: Waiter) {
        let grant: Grant? = state.withLock { state in
            if Task.isCancelled {
                return .refused(PostgresError(.cancelled, "cancelled while waiting for a connection"))
            }
            if let grant = state.takeSlot(of: size) { return grant }
            state.waiters.append(waiter)
            return nil
        }
        if let grant { waiter.continuation.resume(returning: grant) }
    }

    /// Sends a waiter away, unless its turn has come already.
    private func dismiss(_ ticket: UInt64, _ error: PostgresError) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.ticket == ticket }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: .refused(error))
    }

    // MARK: Taking back

    private func giveBack(_ connection: Connection) async {
        let isClosed = state.withLock { $0.isClosed }
        if isClosed { await connection.close() }
        let isTidy = connection.isKnownTidy.load(ordering: .acquiring)
        passOn(isTidy ? connection : await connection.tidyUp() ? connection : nil)
    }

    /// Hands a slot, with its connection if that is usable, to the first waiter; or keeps the connection.
    private func passOn(_ connection: Connection?) {
        let waiter: Waiter? = state.withLock { state in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.lent -= 1
            if let connection, !state.isClosed { state.idle.append(Idle(connection: connection, since: .now)) }
            return nil
        }
        waiter?.continuation.resume(returning: .slot(connection, idleFor: .zero))
    }

    private func closeIdle() async {
        let oldest = ContinuousClock.now - idleLimit
        let expired = state.withLock { state in
            let expired = state.idle.prefix { $0.since < oldest }
            state.idle.removeFirst(expired.count)
            return expired
        }
        for idle in expired { await idle.connection.close() }
    }
}

extension Connection {
    /// Makes the connection fit for the next borrower; false if it had to be closed.
    fileprivate func tidyUp() -> Bool {
        if isCopyingOut || isCopyingIn { close() }
        guard isInTransaction else { return isUsable }
        try? rollback(deadline: .now + ConnectionPool.rollbackTimeout)
        if isInTransaction { close() }
        return isUsable
    }
}
