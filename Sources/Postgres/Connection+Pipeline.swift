import CLibPQ
import Synchronization

extension Connection {
    /// Runs statements in order with one round trip: all are sent at once, with one synchronisation at the end.
    ///
    /// The first error ends it: the statements after it are not run, and it is thrown with its `statementIndex`. The
    /// connection is usable afterwards; inside a transaction block it wants a ROLLBACK. Outside of one, the pipeline is
    /// a transaction by itself. Statements not yet prepared are prepared on the way. COPY is not possible here.
    @discardableResult
    package func pipeline(
        _ statements: [Statement], deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> [Rows] {
        try prepareCall(deadline: deadline)
        guard !statements.isEmpty else { return [] }
        let plan = try makePlan(statements)
        let outcome = try closingOnError { () throws(PostgresError) in
            try handle.enterPipeline()
            try send(plan, statements)
            let outcome = try receive(plan, deadline: deadline)
            try handle.exitPipeline()
            return outcome
        }
        if let failure = outcome.failure { throw settle(failure) }
        isKnownTidy.store(isUsable && handle.transactionStatus == PQTRANS_IDLE, ordering: .releasing)
        return outcome.rows
    }

    /// What is sent for the statements.
    private struct Plan {
        struct Step {
            let key: StatementCache.Key
            let name: String
            /// True if the statement must be prepared first.
            let isNew: Bool
        }

        var discards: [String] = []
        var steps: [Step] = []
    }

    private struct Outcome {
        var rows: [Rows] = []
        var failure: PostgresError?
    }

    private func makePlan(_ statements: [Statement]) throws(PostgresError) -> Plan {
        var plan = Plan()
        // In a transaction block a DEALLOCATE that fails would take the caller's work with it.
        if handle.transactionStatus == PQTRANS_IDLE { plan.discards = cache.discarded }
        var new: [StatementCache.Key: String] = [:]
        for (index, statement) in statements.enumerated() {
            if let refusal = statement.refusal { throw refusal.at(statement: index) }
            guard statement.values.fields.count <= Int(UInt16.max) else {
                throw PostgresError(.usage, "more than 65535 parameters").at(statement: index)
            }
            let key = StatementCache.Key(statement)
            if let name = cache.name(for: key) ?? new[key] {
                plan.steps.append(Plan.Step(key: key, name: name, isNew: false))
            } else {
                do throws(PostgresError) { try refuseNull(in: statement.sql) } catch {
                    throw error.at(statement: index)
                }
                let name = cache.newName()
                new[key] = name
                plan.steps.append(Plan.Step(key: key, name: name, isNew: true))
            }
        }
        return plan
    }

    private func send(_ plan: Plan, _ statements: [Statement]) throws(PostgresError) {
        for name in plan.discards {
            try handle.send(sql: "DEALLOCATE \(name)")
            // Each its own transaction: none of them can fail the caller's statements.
            try handle.sendSync()
        }
        for (step, statement) in zip(plan.steps, statements) {
            // Directly before its use: an earlier statement may create what it needs, or end a failed transaction.
            if step.isNew { try handle.sendPrepare(name: step.name, sql: statement.sql, types: step.key.types) }
            try handle.sendPrepared(name: step.name, statement.values)
        }
        try handle.sendSync()
    }

    private func receive(_ plan: Plan, deadline: ContinuousClock.Instant) throws(PostgresError) -> Outcome {
        for _ in plan.discards { try receiveSync(deadline: deadline) }
        // Where one failed, the server did not know it: forgotten either way.
        cache.forget(discarded: plan.discards)
        _ = handle.notices.take()

        var outcome = Outcome()
        for (index, step) in plan.steps.enumerated() {
            if step.isNew {
                let prepared = try receiveOne(deadline: deadline)
                if prepared.status == PGRES_COMMAND_OK { cache.insert(step.key, name: step.name) }
                outcome.failure = outcome.failure ?? prepared.error?.at(statement: index)
            }
            let result = try receiveOne(deadline: deadline)
            if let error = result.error, outcome.failure == nil {
                outcome.failure = error.at(statement: index)
                doubt(step.key, after: error)
            }
            if outcome.failure == nil { outcome.rows.append(Rows(result: result, notices: handle.notices.take())) }
        }
        let commitFailure = try receiveSync(deadline: deadline)
        outcome.failure = outcome.failure ?? commitFailure
        // A pipeline that is its own transaction commits at the synchronisation; what is reported then belongs to the
        // end.
        let late = handle.notices.take()
        if !late.isEmpty, let last = outcome.rows.popLast() {
            outcome.rows.append(Rows(result: last.result, notices: last.notices + late))
        }
        return outcome
    }

    /// Two errors say that the server's idea of a prepared statement is no longer ours.
    private func doubt(_ key: StatementCache.Key, after error: PostgresError) {
        switch error.sqlState {
        // invalid_sql_statement_name: somebody ran DISCARD ALL or DEALLOCATE ALL.
        case "26000": cache.forgetAll()
        // feature_not_supported: a table has changed so that the statement's result would have another type.
        case "0A000": cache.discard(key)
        default: break
        }
    }

    /// The one result of the next command; libpq puts an empty one between two commands.
    private func receiveOne(deadline: ContinuousClock.Instant) throws(PostgresError) -> QueryResult {
        for _ in 0..<3 {
            guard let result = try handle.nextResult(deadline: deadline) else { continue }
            switch result.status {
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw PostgresError(.usage, "COPY is not possible in a pipeline")
            default:
                if let error = result.error, error.code == .connectionLost { throw error }
                return result
            }
        }
        throw PostgresError(.connectionLost, "an answer is missing")
    }

    /// Takes everything up to the next synchronisation; an error there is that of the commit.
    @discardableResult
    private func receiveSync(deadline: ContinuousClock.Instant) throws(PostgresError) -> PostgresError? {
        var failure: PostgresError?
        while true {
            let result = try receiveOne(deadline: deadline)
            if result.status == PGRES_PIPELINE_SYNC { return failure }
            failure = failure ?? result.error
        }
    }
}
