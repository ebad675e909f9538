import CLibPQ
import Synchronization

/// One connection to Postgres.
///
/// An actor with a thread of its own: libpq is only ever called there, and waits there in poll(2) until the deadline
/// of the call. Calls run one after the other. A statement is prepared once and then known by its SQL.
///
/// A call whose deadline passes, or whose connection breaks, closes the connection: `isUsable` is false from then on.
/// It does not stop the statement at the server; `statement_timeout` or `client_connection_check_interval` do
/// (``ConnectionTarget/set(_:to:)``). A call whose deadline has passed before anything was sent leaves it open.
package actor Connection {
    private static let count = Atomic<UInt64>(0)
    /// Tells this connection from every other one of the process.
    package nonisolated let number = count.add(1, ordering: .relaxed).newValue
    private let executor = QueueExecutor(label: "postgres.connection")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    /// Runs tasks on the connection's thread.
    nonisolated var taskExecutor: any TaskExecutor { executor.forTasks }

    var handle = Handle()
    var cache = StatementCache()
    /// Set from the start of a COPY OUT until its consumer has returned, when other calls may come in between.
    var copyOutState: CopyOutState?
    /// Set between the beginning and the end of a COPY IN.
    var copyInFormat: CopyFormat?
    var isCopyingIn: Bool { copyInFormat != nil }
    /// True after a call that has left the connection open and outside of any transaction, until the next call: then
    /// the pool need not come here to look.
    nonisolated let isKnownTidy = Atomic(false)

    private init() {}

    /// Opens a connection by the deadline. Nothing but a host name that must be looked up can hold it longer.
    package static func open(
        _ target: ConnectionTarget, deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> Connection {
        let connection = Connection()
        try await connection.open(target, deadline: deadline)
        return connection
    }

    /// Lends `body` a connection of its own, which is closed afterwards.
    package static func with<Value: Sendable>(
        _ target: ConnectionTarget, deadline: ContinuousClock.Instant, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        let connection = try await open(target, deadline: deadline)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    private func open(_ target: ConnectionTarget, deadline: ContinuousClock.Instant) throws(PostgresError) {
        do throws(PostgresError) {
            try handle.open(target, deadline: deadline)
        } catch {
            handle.close()
            throw error.code == .connectionLost ? PostgresError(.connectionFailed, error.message) : error
        }
        _ = handle.notices.take()
    }

    // MARK: State

    /// False once the connection is closed, by us or because it broke.
    package var isUsable: Bool { handle.isOpen }

    /// True inside a transaction block, failed or not.
    package var isInTransaction: Bool {
        handle.transactionStatus == PQTRANS_INTRANS || handle.transactionStatus == PQTRANS_INERROR
    }

    /// Such as 150018 for 15.18.
    package var serverVersion: Int { handle.serverVersion }

    /// The process that serves this connection.
    package var serverProcessID: Int32 { handle.processID }

    /// A setting that the server reports by itself, such as `server_encoding` or `TimeZone`.
    package func reportedSetting(_ name: String) -> String? { handle.parameterStatus(name) }

    /// Looks, without asking the server, whether it has ended the connection meanwhile.
    package func checkAlive() -> Bool {
        guard !isCopyingOut, !isCopyingIn else { return isUsable }
        if !handle.isAlive() { handle.close() }
        return isUsable
    }

    package func close() {
        isKnownTidy.store(false, ordering: .releasing)
        handle.close()
    }

    // MARK: Statements

    /// Runs one statement, in the transaction block if there is one.
    @discardableResult
    package func query(
        _ statement: Statement, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Rows {
        do throws(PostgresError) {
            return try pipeline([statement], deadline: deadline)[0]
        } catch {
            throw error.at(statement: nil)
        }
    }

    /// Ends the transaction block, if there is one, by ROLLBACK.
    package func rollback(deadline: ContinuousClock.Instant) throws(PostgresError) {
        guard isInTransaction || !isUsable else { return }
        try query("ROLLBACK", deadline: deadline)
    }

    /// Runs SQL that holds several statements, such as a migration. Without BEGIN in it, it is one transaction.
    /// The error of a failing statement carries its index.
    @discardableResult
    package func execute(script: String, deadline: ContinuousClock.Instant) throws(PostgresError) -> [Notice] {
        try prepareCall(deadline: deadline)
        try refuseNull(in: script)
        let failure = try closingOnError { () throws(PostgresError) in
            try handle.send(script: script)
            return try drain(deadline: deadline)
        }
        if let failure { throw settle(failure) }
        return handle.notices.take()
    }

    /// Takes all results of a simple query and gives the first error.
    func drain(deadline: ContinuousClock.Instant) throws(PostgresError) -> PostgresError? {
        var failure: PostgresError?
        var index = 0
        while let result = try handle.nextResult(deadline: deadline) {
            switch result.status {
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw PostgresError(.usage, "COPY is not possible here").at(statement: index)
            default: failure = failure ?? result.error?.at(statement: index)
            }
            index += 1
        }
        return failure
    }

    // MARK: What every call does

    /// Checks that a call can be made at all. What it throws has left the connection as it was.
    func prepareCall(deadline: ContinuousClock.Instant) throws(PostgresError) {
        isKnownTidy.store(false, ordering: .releasing)
        guard isUsable else { throw PostgresError(.connectionLost, "the connection is closed") }
        guard !isCopyingOut, !isCopyingIn else {
            throw PostgresError(.usage, "a COPY is under way on this connection")
        }
        guard deadline > .now else { throw PostgresError(.timedOut, "the deadline had passed before the call") }
        _ = handle.notices.take()
    }

    func refuseNull(in sql: String) throws(PostgresError) {
        guard !sql.utf8.contains(0) else { throw PostgresError(.usage, "the SQL holds U+0000") }
    }

    /// Runs a conversation with the server. An error thrown out of the middle of it ends the connection, because
    /// nobody knows what the server would answer next.
    func closingOnError<Value>(_ body: () throws(PostgresError) -> Value) throws(PostgresError) -> Value {
        do throws(PostgresError) {
            return try body()
        } catch {
            handle.close()
            throw error.sent()
        }
    }

    /// Takes note of an error that the server answered with.
    func settle(_ error: PostgresError) -> PostgresError {
        if error.code == .connectionLost { handle.close() }
        return error.sent()
    }
}
