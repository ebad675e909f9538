import Cryptography
import Ledger
import Observation
import Postgres
import Synchronization

/// Appends to one ledger with natural group commit: what arrived while the last group was being committed is the next
/// group. There is no timer.
///
/// `append` only queues; the groups run in `drain`, which the store owns, so that a caller who goes away takes nobody
/// else's commit along.
actor Appender {
    /// The pause before a failed group is tried again.
    private static let retryPause = Duration.milliseconds(50)

    let ledger: StoredLedger
    let environment: AppendEnvironment
    private var queue: [Ticket] = []
    private var isDraining = false
    /// Nil whenever the stored head may have moved on without us.
    var tree: TreeState?
    /// Never dropped: what the stored tree is held to when it is not `tree`.
    var answers = AnsweredTree()
    /// Tags of keys whose group has an unknown outcome.
    private var unresolvedTags: Set<[UInt8]> = []
    private var keyRule = KeyRule()

    /// A unit that waits for its answer.
    private final class Ticket: Sendable {
        let unit: AppendUnit
        let deadline: ContinuousClock.Instant
        private let position: Int
        private let answers: Answers

        init(_ unit: AppendUnit, deadline: ContinuousClock.Instant, _ answers: Answers, at position: Int) {
            self.unit = unit
            self.deadline = deadline
            self.answers = answers
            self.position = position
        }

        /// The call that the unit came with.
        var call: ObjectIdentifier { ObjectIdentifier(answers) }

        func answer(_ result: Result<[Placed], StoreError>) { answers.set(result, at: position) }
    }

    /// The answers to the units of one call; the last one wakes the caller.
    private final class Answers: Sendable {
        private let missing: Mutex<(count: Int, results: [Result<[Placed], StoreError>?])>
        private let continuation: CheckedContinuation<[Result<[Placed], StoreError>], Never>

        init(count: Int, _ continuation: CheckedContinuation<[Result<[Placed], StoreError>], Never>) {
            missing = Mutex((count, [Result<[Placed], StoreError>?](repeating: nil, count: count)))
            self.continuation = continuation
        }

        func set(_ result: Result<[Placed], StoreError>, at position: Int) {
            let all: [Result<[Placed], StoreError>]? = missing.withLock { missing in
                missing.results[position] = result
                missing.count -= 1
                return missing.count == 0 ? missing.results.compactMap(\.self) : nil
            }
            if let all { continuation.resume(returning: all) }
        }
    }

    init(_ ledger: StoredLedger, _ environment: AppendEnvironment) {
        self.ledger = ledger
        self.environment = environment
    }

    /// The places of the entries of each unit, once they are durable. The units are taken in this order.
    ///
    /// - Parameter wake: called when nobody drains this appender, so that somebody does.
    func append(
        _ units: [AppendUnit], deadline: ContinuousClock.Instant, wake: @Sendable (Appender) -> Void
    ) async -> [Result<[Placed], StoreError>] {
        guard !units.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            let answers = Answers(count: units.count, continuation)
            queue += units.enumerated().map { Ticket($1, deadline: deadline, answers, at: $0) }
            if !isDraining {
                isDraining = true
                wake(self)
            }
        }
    }

    /// Runs groups until nobody waits.
    func drain() async {
        while !queue.isEmpty { await run(takeGroup()) }
        isDraining = false
    }

    private func takeGroup() -> [Ticket] {
        var selection = GroupSelection()
        var group: [Ticket] = []
        var deferred: [Ticket] = []
        var position = 0
        choosing: while position < queue.count {
            let ticket = queue[position]
            switch selection.choose(ticket.unit, of: ticket.call) {
            case .taken: group.append(ticket)
            case .deferred: deferred.append(ticket)
            case .full: break choosing
            }
            position += 1
        }
        queue.replaceSubrange(..<position, with: deferred)
        return group
    }

    /// One attempt's end.
    private enum Attempt {
        case answered
        /// Nothing was written; the same group may be tried again.
        case failed(StoreError)
        /// The answer to COMMIT was lost.
        case unknown(SequencedGroup)
        /// Keys were taken for new, and one is not. Nothing was written.
        case repeatedKey
        /// The data of some request was refused by the database.
        case guilty(PostgresError)
    }

    /// Brings a group to its end: every ticket is answered when this returns.
    private func run(_ tickets: [Ticket]) async {
        var waiting = tickets
        // What a lost COMMIT wrote may be in a database that was failed away from.
        var committed = StoreError.Committed.no
        while true {
            waiting = dropExpired(waiting, committed: .no)
            guard let deadline = waiting.map(\.deadline).min() else { return }
            switch await attempt(waiting, deadline: deadline) {
            case .answered: return
            case .failed(var error):
                if error.code == .halted { error.committed = committed }
                environment.observer.observe(.appendFailed(ledger: ledger.origin.text, code: error.code.rawValue))
                guard error.code == .unavailable, error.isWorthRepeating else {
                    for ticket in waiting { ticket.answer(.failure(error)) }
                    return
                }
                await pause()
            case .unknown(let group):
                environment.observer.observe(.appendOutcomeUnknown(ledger: ledger.origin.text))
                guard await resolve(group, &waiting) else {
                    committed = .unknown
                    continue
                }
                return
            case .repeatedKey: keyRule.hasMetRepeat()
            case .guilty(let error):
                await runOneByOne(waiting, error)
                return
            }
        }
    }

    private func pause() async {
        // Cancelled only when the whole service stops; the next attempt then fails on its own.
        try? await Task.sleep(for: Self.retryPause)
    }

    /// Answers those whose time is over, and returns the others.
    private func dropExpired(_ tickets: [Ticket], committed: StoreError.Committed) -> [Ticket] {
        let now = ContinuousClock.now
        return tickets.filter { ticket in
            guard ticket.deadline <= now else { return true }
            let isInProgress = committed == .no && !unresolvedTags.isDisjoint(with: ticket.unit.keyTags)
            let error =
                isInProgress
                ? StoreError(
                    .inProgress, "the first request with this idempotency key has no outcome yet; repeat later",
                    committed: .unknown)
                : StoreError(
                    .unavailable,
                    committed == .no
                        ? "the database did not answer in time; nothing was written"
                        : "the database's answer was lost; repeat with the same idempotency key", committed: committed)
            ticket.answer(.failure(error))
            return false
        }
    }

    private func attempt(_ tickets: [Ticket], deadline: ContinuousClock.Instant) async -> Attempt {
        let units = tickets.map(\.unit)
        do {
            let (group, places) = try await environment.connections.withConnectionThread(deadline: deadline) {
                connection in try await self.run(units, on: connection, deadline: deadline)
            }
            tree = group.tree
            answers.note(group.tree)
            unresolvedTags = []
            keyRule.hasCommitted(replaying: !group.replayedSeqs.isEmpty)
            answer(tickets, group, places)
            return .answered
        } catch let lost as LostCommit {
            tree = nil
            answers.leaveOpen(lost.group)
            return .unknown(lost.group)
        } catch let error as StoreError {
            tree = nil
            return .failed(error)
        } catch let error as PostgresError {
            tree = nil
            if error.isRepeatedKey, !keyRule.asks(units) { return .repeatedKey }
            return error.isDataFault ? .guilty(error) : .failed(StoreError(appending: error))
        } catch {
            tree = nil
            return .failed(StoreError(.internal, "the append failed: \(type(of: error))", committed: .no))
        }
    }

    /// The transaction from lock to commit.
    private func run(
        _ units: [AppendUnit], on connection: Connection, deadline: ContinuousClock.Instant
    ) async throws -> (SequencedGroup, [Int: Placed]) {
        let transaction = AppendTransaction(ledger: ledger, connection: connection, deadline: deadline)
        let started = ContinuousClock.now
        let asksForKeys = keyRule.asks(units)
        let isRepair = environment.repairs.contains(ledger.id)
        var reading = try await transaction.begin(units, asksForKeys: asksForKeys, isRepair: isRepair)
        let locked = ContinuousClock.now
        let state = try await currentTree(reading, transaction)
        let entryCount = reading.units.reduce(0) { $0 + $1.items.count }
        if state.size + entryCount > environment.partitions.until {
            try await connection.rollback(deadline: deadline)
            try await ensurePartitions(size: state.size, connection, deadline)
            reading = try await transaction.begin(units, asksForKeys: asksForKeys, isRepair: isRepair)
            return try await run(reading, transaction, started: started, locked: locked)
        }
        return try await run(reading, transaction, started: started, locked: locked)
    }

    private func run(
        _ reading: AppendTransaction.Reading, _ transaction: AppendTransaction,
        started: ContinuousClock.Instant, locked: ContinuousClock.Instant
    ) async throws -> (SequencedGroup, [Int: Placed]) {
        let units = reading.units
        let connection = transaction.connection
        let deadline = transaction.deadline
        let state = try await currentTree(reading, transaction)
        try requireClock(units, reading, state)
        var group = SequencedGroup(units, ledgerID: ledger.id, tree: state, facts: reading.facts)
        if units.reduce(0, { $0 + $1.items.count }) > AppendTransaction.pipelinedMax {
            // What fails here has no COMMIT behind it: nothing is stored.
            try await transaction.copyEntries(of: &group)
        } else {
            while group.place(AppendTransaction.pipelinedMax) {}
        }
        let built = ContinuousClock.now
        if group.newCount == 0 {
            if answers.hasAnswered(from: state) {
                try await connection.rollback(deadline: deadline)
            } else {
                try await transaction.confirm()
            }
        } else {
            do {
                try await transaction.commit(group.batches, effects: group.effects, tree: group.tree)
            } catch let error as PostgresError where error.isAmbiguousCommit {
                throw LostCommit(group: group)
            } catch let error as StoreError where error.committed == .unknown {
                throw LostCommit(group: group)
            }
        }
        let places = try await transaction.places(of: group.replayedSeqs)
        try await tellMismatches(units, group, transaction)
        environment.observer.observe(
            .appendCommitted(
                ledger: ledger.origin.text, entries: group.newCount, requests: units.count,
                replayed: group.replayedSeqs.count,
                durations: AppendDurations(
                    lockWait: (locked - started).seconds, build: (built - locked).seconds,
                    commit: (ContinuousClock.now - built).seconds)))
        return (group, places)
    }

    /// Tells an operator of keys that were used for something else before, and whether another token had used them: a
    /// producer who meets his own keys has a fault, one who meets another's may be kept from sending.
    private func tellMismatches(
        _ units: [AppendUnit], _ group: SequencedGroup, _ transaction: AppendTransaction
    ) async throws {
        let mismatches = zip(units, group.outcomes).compactMap { unit, outcome -> (token: String?, seq: Int)? in
            guard case .failed(let error) = outcome, error.code == .idempotencyMismatch else { return nil }
            return error.seq.map { (unit.items.first?.draft.reporter.id, $0) }
        }
        guard !mismatches.isEmpty else { return }
        let reporters = try await transaction.reporters(of: Set(mismatches.map(\.seq)))
        for (token, seq) in mismatches {
            environment.observer.observe(
                .idempotencyMismatch(
                    ledger: ledger.origin.text, token: token ?? "", byAnother: reporters[seq] != token))
        }
    }

    private func requireClock(
        _ units: [AppendUnit], _ reading: AppendTransaction.Reading, _ state: TreeState
    ) throws(StoreError) {
        guard !units.contains(where: \.acceptsClock) else { return }
        let fault = environment.clockRule.fault(
            database: reading.facts.now, service: environment.clock(), last: state.lastRecordedAt,
            acceptedUntil: reading.clockAcceptedUntil)
        guard let fault else { return }
        environment.observer.observe(.clockRefused(ledger: ledger.origin.text, reason: fault))
        throw StoreError(.clockRefused, fault, committed: .no)
    }

    /// Makes the partitions for this size and the next one ahead, outside the append's transaction.
    private func ensurePartitions(
        size: Int, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws {
        for name in try await environment.partitions.ensure(size: size, connection, deadline) {
            environment.observer.observe(.partitionCreated(name: name))
        }
    }

    private func answer(_ tickets: [Ticket], _ group: SequencedGroup, _ places: [Int: Placed]) {
        for (ticket, outcome) in zip(tickets, group.outcomes) { answer(ticket, outcome, places) }
    }

    /// Finds out, on a new connection and under the ledger's lock, what became of a group whose COMMIT has no answer.
    ///
    /// - Returns: whether everybody was answered; otherwise nothing was written and the group may be tried again.
    private func resolve(_ group: SequencedGroup, _ waiting: inout [Ticket]) async -> Bool {
        let all = waiting
        while true {
            waiting = dropExpired(waiting, committed: .unknown)
            guard let deadline = waiting.map(\.deadline).min() else {
                unresolvedTags.formUnion(all.flatMap(\.unit.keyTags))
                return true
            }
            do {
                let places = try await environment.connections.withConnection(deadline: deadline) { connection in
                    let transaction = AppendTransaction(
                        ledger: self.ledger, connection: connection, deadline: deadline)
                    guard let leafHash = group.firstLeafHash,
                        try await transaction.isStored(seq: group.firstNewSeq, leafHash: leafHash)
                    else { return nil as [Int: Placed]? }
                    return try await transaction.places(of: group.replayedSeqs)
                }
                environment.observer.observe(
                    .lostCommitResolved(ledger: ledger.origin.text, stored: places != nil))
                guard let places else { return false }
                answers.note(group.tree)
                let outcomes = Dictionary(
                    zip(all.map(ObjectIdentifier.init), group.outcomes), uniquingKeysWith: { first, _ in first })
                for ticket in waiting {
                    guard let outcome = outcomes[ObjectIdentifier(ticket)] else { continue }
                    answer(ticket, outcome, places)
                }
                return true
            } catch {
                await pause()
            }
        }
    }

    private func answer(_ ticket: Ticket, _ outcome: SequencedGroup.Outcome, _ places: [Int: Placed]) {
        switch outcome {
        case .failed(let error): ticket.answer(.failure(error))
        case .placed(let placed):
            ticket.answer(.success(placed.map { $0.replayed ? places[$0.seq] ?? $0 : $0 }))
        }
    }

    /// The database refused the data of some request of the group: each runs alone, so that only the guilty one fails.
    private func runOneByOne(_ tickets: [Ticket], _ error: PostgresError) async {
        guard tickets.count > 1 else {
            environment.observer.observe(
                .guiltyRequest(ledger: ledger.origin.text, sqlState: error.sqlState ?? "unknown"))
            let refusal = StoreError(
                .internal,
                "the database refused this request's data (SQLSTATE \(error.sqlState ?? "unknown")); "
                    + "nothing was written", committed: .no)
            for ticket in tickets { ticket.answer(.failure(refusal)) }
            return
        }
        for ticket in tickets { await run([ticket]) }
    }
}

/// A COMMIT whose answer never came.
private struct LostCommit: Error {
    let group: SequencedGroup
}

extension Duration {
    /// In seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
