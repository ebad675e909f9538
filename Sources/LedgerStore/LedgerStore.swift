package import Cryptography
package import Ledger
package import Observation
package import Postgres
import Synchronization

/// The ledgers of one database: the only way to their entries.
///
/// `run()` must be running for appends to be answered: it owns the tasks that commit groups and advance rollups.
package final class LedgerStore: Sendable {
    /// How long a read may take before it is given up.
    package static let readTimeout = Duration.seconds(30)
    /// The pause between two rounds of rollups.
    private static let rollupPause = Duration.seconds(2)
    /// How many steps one ledger gets in a round before the next has its turn.
    private static let rollupStepsMax = 10
    /// How long the database may take for what is counted before the end.
    private static let lastRollupTimeout = Duration.seconds(2)

    /// For what reads many rows or summarises; planned for its values each time.
    let reads: ConnectionPool
    /// For what is found by a key; planned once.
    private let lookUps: ConnectionPool
    let observer: any Observer
    /// Where erasures are named outside the database; nil for nowhere.
    let journal: ErasureJournal?
    /// For what is appended.
    let appends: ConnectionPool
    private let master: Result<SecretKey, MasterSecret.Fault>
    let environment: AppendEnvironment
    /// The pause between two looks at whether the database still has what this process answered.
    let lookPause: Duration
    let appenders = Mutex<[Int64: Appender]>([:])
    private let ledgers = Mutex<[Int64: StoredLedger]>([:])
    /// How large each ledger was when it was last looked at.
    private let sizes = Mutex<[Int64: Int]>([:])
    /// Ledgers whose rollups lag behind.
    private let lagging = Mutex<[Int64: StoredLedger]>([:])
    private let wakeups: AsyncStream<Appender>
    private let wake: AsyncStream<Appender>.Continuation

    /// - Parameters:
    ///   - target: the database, as a role that may do what `countersign_app` may.
    ///   - master: the master secret, or why there is none: reads go on without it, appends are refused.
    ///   - journal: where erasures are named outside the database; nil for nowhere.
    ///   - fence: what is known of ledgers outside the database; nil for nothing.
    ///   - clock: the service's own clock.
    package init(
        target: ConnectionTarget, master: Result<SecretKey, MasterSecret.Fault>, observer: any Observer,
        clockRule: ClockRule = .standard, connectionsMax: Int = 8, journal: ErasureJournal? = nil,
        fence: (any Fence)? = nil, lookPause: Duration = .seconds(5), clock: @escaping @Sendable () -> Timestamp
    ) {
        self.lookPause = lookPause
        var appendTarget = target
        appendTarget.applicationName = "countersign append"
        // A stuck instance must not hold the ledger's lock for long. There is no statement_timeout: it would also
        // cancel a COMMIT.
        appendTarget.set("lock_timeout", to: "5s")
        appendTarget.set("idle_in_transaction_session_timeout", to: "5s")
        appendTarget.set("synchronous_commit", to: "on")
        appendTarget.set("client_connection_check_interval", to: "2s")
        appendTarget.tcpUserTimeout = .seconds(10)
        appendTarget.setKeepalives(idleSeconds: 5, intervalSeconds: 2, count: 3)
        var readTarget = target
        readTarget.applicationName = "countersign read"
        readTarget.set("statement_timeout", to: "29s")  // before the reader gives up, so that no query is left behind
        readTarget.set("client_connection_check_interval", to: "2s")
        readTarget.set("default_transaction_read_only", to: "off")
        var lookUpTarget = readTarget
        lookUpTarget.applicationName = "countersign look-up"
        readTarget.set("plan_cache_mode", to: "force_custom_plan")
        // Planning takes longer than a look-up. What is planned once must hold while tables grow: never by a walk
        // through one, however small it is now.
        lookUpTarget.set("plan_cache_mode", to: "force_generic_plan")
        lookUpTarget.set("enable_seqscan", to: "off")
        self.master = master
        self.observer = observer
        self.journal = journal
        appends = ConnectionPool(target: appendTarget, size: connectionsMax)
        reads = ConnectionPool(target: readTarget, size: connectionsMax)
        lookUps = ConnectionPool(target: lookUpTarget, size: connectionsMax)
        environment = AppendEnvironment(
            connections: appends, observer: observer, clockRule: clockRule, fence: fence, clock: clock)
        (wakeups, wake) = AsyncStream.makeStream()
    }

    /// Commits groups and advances rollups until it is cancelled, then finishes what was begun.
    ///
    /// - Parameter catchesUpOthers: whether it begins with what others, or this process before its last stop, appended
    ///   and did not count: a service does, a short command has no time for it.
    package func run(catchesUpOthers: Bool = true) async {
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await self.advanceRollups(catchesUpOthers: catchesUpOthers) }
            tasks.addTask { await self.watchAnswers() }
            tasks.addTask {
                await withTaskCancellationHandler {
                    await self.drain()
                } onCancel: {
                    self.wake.finish()
                }
            }
        }
        await Task { await self.advanceLast() }.value
        await appends.close()
        await reads.close()
        await lookUps.close()
    }

    /// On a thread of its own, where little is done: groups are built and committed on the threads of their
    /// connections. On the shared ones an append would wait behind long requests that are being read.
    private func drain() async {
        let executor = QueueTaskExecutor(label: "ledger.drain")
        await withDiscardingTaskGroup { tasks in
            for await appender in wakeups { tasks.addTask(executorPreference: executor) { await appender.drain() } }
        }
    }

    private func advanceRollups(catchesUpOthers: Bool) async {
        if catchesUpOthers {
            for ledger in (try? await allLedgers()) ?? [] { lagging.withLock { $0[ledger.id] = ledger } }
        }
        while (try? await Task.sleep(for: Self.rollupPause)) != nil {
            for ledger in takeLagging() {
                let isDone = try? await Rollups(ledger, reads, observer).catchUp(
                    steps: Self.rollupStepsMax, timeout: Self.readTimeout)
                if isDone != true { lagging.withLock { $0[ledger.id] = ledger } }
            }
        }
    }

    /// Counts what was appended since the last round, if that is soon done. Nobody else knows of it: a ledger
    /// that a command has made may never get an entry of the service's.
    private func advanceLast() async {
        for ledger in takeLagging() {
            let isDone = try? await Rollups(ledger, reads, observer).catchUp(
                steps: 1, timeout: Self.lastRollupTimeout)
            if isDone == nil { return }
        }
    }

    private func takeLagging() -> [StoredLedger] {
        lagging.withLock { lagging in
            defer { lagging = [:] }
            return Array(lagging.values)
        }
    }

    /// Appends `unit` and returns the places of its entries once they are durable.
    ///
    /// - Parameter deadline: after it the answer is a 503 that says whether anything was written.
    package func append(
        _ unit: AppendUnit, to ledger: StoredLedger, deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> [Placed] {
        try await append([unit], to: ledger, deadline: deadline)[0].get()
    }

    /// Appends `units` in this order, each all or nothing by itself, and returns what became of each.
    package func append(
        _ units: [AppendUnit], to ledger: StoredLedger, deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> [Result<[Placed], StoreError>] {
        if ledger.keyFault != nil {
            observer.observe(.masterSecretRefused(ledger: ledger.origin.text))
            throw StoreError(.keyRefused, StoredLedger.keyRefusal, committed: .no)
        }
        let appender = appenders.withLock { appenders in
            if let appender = appenders[ledger.id] { return appender }
            let appender = Appender(ledger, environment)
            appenders[ledger.id] = appender
            return appender
        }
        let outcomes = await appender.append(units, deadline: deadline) { appender in wake.yield(appender) }
        let isNew = outcomes.contains { outcome in
            (try? outcome.get())?.contains { !$0.replayed } ?? false
        }
        if isNew { lagging.withLock { $0[ledger.id] = ledger } }
        return outcomes
    }

    /// Whether the database answers in time and has this binary's schema.
    package func requireReady(timeout: Duration = readTimeout) async throws(StoreError) {
        let schema = try await read(timeout: timeout) { connection, deadline in
            try await SchemaState(connection, deadline: deadline)
        }
        if let fault = schema.fault { throw StoreError(.unavailable, fault) }
    }

    /// Lends a connection for reading and turns what goes wrong into a `StoreError`. What is written here is no entry
    /// and no part of one: entries, and all that follows from them, are written by `append` alone.
    package func read<Result: Sendable>(
        timeout: Duration = readTimeout, _ body: @Sendable (Connection, ContinuousClock.Instant) async throws -> Result
    ) async throws(StoreError) -> Result {
        try await read(from: reads, timeout: timeout, body)
    }

    /// Like `read`, for statements whose shape alone tells how they are best run.
    func lookUp<Result: Sendable>(
        timeout: Duration = readTimeout, _ body: @Sendable (Connection, ContinuousClock.Instant) async throws -> Result
    ) async throws(StoreError) -> Result {
        try await read(from: lookUps, timeout: timeout, body)
    }

    /// A connection may have died since it was last used; reading again does no harm, so another one is tried, as often
    /// as there may be dead ones.
    private func read<Result: Sendable>(
        from pool: ConnectionPool, timeout: Duration,
        _ body: @Sendable (Connection, ContinuousClock.Instant) async throws -> Result
    ) async throws(StoreError) -> Result {
        let deadline = ContinuousClock.now + timeout
        var attemptsLeft = pool.size + 1
        while attemptsLeft > 0 {
            attemptsLeft -= 1
            do {
                return try await pool.withConnectionThread(deadline: deadline) { connection in
                    try await body(connection, deadline)
                }
            } catch let error as PostgresError where StoreError.isDeadConnection(error) {
                continue
            } catch {
                throw Self.readError(error)
            }
        }
        throw StoreError(.unavailable, "the database cannot be reached")
    }

    /// The size of the ledger when it was last looked at; 0 if it was not.
    func size(before ledger: StoredLedger) -> Int { sizes.withLock { $0[ledger.id] ?? 0 } }

    func note(size: Int, of ledger: StoredLedger) { sizes.withLock { $0[ledger.id] = max($0[ledger.id] ?? 0, size) } }

    private static func readError(_ error: any Error) -> StoreError {
        switch error {
        case let error as StoreError: error
        case let error as PostgresError: StoreError(reading: error)
        default: StoreError(.internal, "the query failed: \(type(of: error))")
        }
    }
}

extension LedgerStore {
    /// The ledger with this id, or nil.
    package func ledger(id: Int64, timeout: Duration = readTimeout) async throws(StoreError) -> StoredLedger? {
        if let known = ledgers.withLock({ $0[id] }) { return known }
        return try await find(
            """
            SELECT ledger_id, origin, idempotency_check, lookup_check FROM countersign.ledgers
            WHERE ledger_id = \(id)
                AND coalesce(
                    (SELECT true FROM countersign.heads WHERE ledger_id = \(id) ORDER BY size LIMIT 1),
                    (SELECT true FROM countersign.entries WHERE ledger_id = \(id) ORDER BY seq LIMIT 1),
                    false)
            """, timeout: timeout
        ).first
    }

    /// The ledger of this name, or nil.
    package func ledger(_ origin: Origin) async throws(StoreError) -> StoredLedger? {
        try await ledger(id: origin.ledgerID)
    }

    /// All ledgers, in the order of their names.
    package func allLedgers() async throws(StoreError) -> [StoredLedger] {
        try await find(
            """
            SELECT l.ledger_id, l.origin, l.idempotency_check, l.lookup_check FROM countersign.ledgers l
            WHERE coalesce(
                (SELECT true FROM countersign.heads WHERE ledger_id = l.ledger_id ORDER BY size LIMIT 1),
                (SELECT true FROM countersign.entries WHERE ledger_id = l.ledger_id ORDER BY seq LIMIT 1),
                false)
            ORDER BY l.origin
            """)
    }

    private func find(
        _ statement: Statement, timeout: Duration = readTimeout
    ) async throws(StoreError) -> [StoredLedger] {
        let found = try await read(timeout: timeout) { connection, deadline in
            try await connection.query(statement, deadline: deadline).map { try self.ledger($0) }
        }
        ledgers.withLock { ledgers in
            for ledger in found { ledgers[ledger.id] = ledger }
        }
        return found
    }

    private func ledger(_ row: Row) throws -> StoredLedger {
        let origin = try Origin(try row.text(1))
        let fault: String?
        let secret: SecretKey
        switch master {
        case .success(let key): (secret, fault) = (key, nil)
        // Tags made with a secret that nobody keeps match nothing; `keyFault` says why before one is used.
        case .failure(let missing): (secret, fault) = (SecretKey.random(), missing.description)
        }
        let keys = LedgerKeys(master: secret, origin: origin)
        let isRight =
            try ConstantTime.equal(row.bytes(2), keys.checkValue(of: .idempotency))
            && ConstantTime.equal(row.bytes(3), keys.checkValue(of: .lookup))
        let wrong = "the master secret is not the one that the ledger \(origin.text) was made with; restore its file"
        return StoredLedger(
            id: try row.id(0), origin: origin, keys: keys, keyFault: fault ?? (isRight ? nil : wrong),
            hasSecret: fault == nil)
    }

    /// Makes the ledger `origin` with its first entry, `policy/changed`.
    ///
    /// - Parameters:
    ///   - key: the key that its checkpoints will be signed with; the entry names it.
    ///   - predecessor: the last checkpoint of the ledger that this one succeeds; the entry cites it.
    /// - Returns: the ledger, and whether it is new.
    package func createLedger(
        _ origin: Origin, key: NoteKey? = nil, predecessor: Checkpoint? = nil, reporter: Reporter,
        deadline: ContinuousClock.Instant
    ) async throws -> (ledger: StoredLedger, isNew: Bool) {
        if let existing = try await ledger(origin) { return (existing, false) }
        let keys = LedgerKeys(master: try master.get(), origin: origin)
        let id = origin.ledgerID
        // A ledger without a head does not exist yet, so these rows may be left behind by a crash and used again.
        let named = try await read { connection, deadline in
            try await connection.pipeline(
                [
                    """
                    INSERT INTO countersign.ledgers (ledger_id, origin, idempotency_check, lookup_check)
                    VALUES (\(id), \(origin.text), \(keys.checkValue(of: .idempotency)),
                        \(keys.checkValue(of: .lookup)))
                    ON CONFLICT DO NOTHING
                    """,
                    "INSERT INTO countersign.watermarks (ledger_id, seq) VALUES (\(id), 0) ON CONFLICT DO NOTHING",
                    "SELECT origin FROM countersign.ledgers WHERE ledger_id = \(id)",
                ], deadline: deadline)[2].one().text(0)
        }
        guard named == origin.text else {
            throw Refusal(.invalidMember, "this name has the same number as \(named) in this database: choose another")
        }
        let ledger = StoredLedger(id: id, origin: origin, keys: keys)
        var data: [JSONValue.Member] = [.init("event", "ledger.created")]
        if let key { data.append(.init("key", .string(key.vkey))) }
        if let predecessor { data.append(.init("predecessor", predecessor.json)) }
        let draft = try Draft(
            Event(kind: .policy, outcome: "changed", data: data), origin: origin, reporter: reporter,
            random: Random.bytes)
        let isFirst = AppendUnit.Guard(
            reading: [.ledger], "SELECT FROM countersign.heads WHERE ledger_id = \(id) ORDER BY size LIMIT 1"
        ) { rows in
            rows.isEmpty ? nil : StoreError(.inProgress, "the ledger exists already", committed: .no)
        }
        let unit = AppendUnit([.init(draft, keys: keys)], guards: [isFirst], changes: [.ledger]) { placed in
            key.map { key in placed.map { Self.insertKey(key, of: id, at: $0.seq) } } ?? []
        }
        do throws(StoreError) {
            _ = try await append(unit, to: ledger, deadline: deadline)
            return (ledger, true)
        } catch {
            guard error.code == .inProgress else { throw error }
            return (ledger, false)
        }
    }
}
