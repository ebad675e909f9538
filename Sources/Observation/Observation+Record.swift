extension Observation {
    /// How much an operator has to care.
    package enum Level: Sendable {
        /// The ordinary course, too frequent to read.
        case debug
        case info
        /// Worth a line in any log.
        case notice
        /// Somebody should look, in time.
        case warning
        /// Something was lost or refused that should not have been.
        case error
        /// The service cannot do its work until somebody acts.
        case critical
    }

    package enum Value: Sendable, Equatable {
        case text(String)
        case integer(Int64)
        case seconds(Double)
        case flag(Bool)
    }

    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: Value
    }

    /// The event's name in logs, in snake_case.
    package var name: String { record.name }
    package var level: Level { record.level }
    /// What the event carries, in the order of the case.
    package var fields: [Field] { record.fields.map { Field(name: $0.key, value: $0.value) } }

    private struct Record {
        let name: String
        let level: Level
        let fields: KeyValuePairs<String, Value>

        init(_ name: String, _ level: Level, _ fields: KeyValuePairs<String, Value> = [:]) {
            self.name = name
            self.level = level
            self.fields = fields
        }
    }

    private var record: Record {
        switch self {
        case .serverListening(let address): Record("server_listening", .notice, ["address": .text(address)])
        case .postgresStarted(let adopted): Record("postgres_started", .notice, ["adopted": .flag(adopted)])
        case .postgresDied: Record("postgres_died", .error)
        case .postgresRestarted: Record("postgres_restarted", .notice)
        case .postgresStopped: Record("postgres_stopped", .notice)
        case .appendCommitted(let ledger, let entries, let requests, let replayed, let durations):
            Record(
                "append_committed", .debug,
                [
                    "ledger": .text(ledger), "entries": .integer(Int64(entries)),
                    "requests": .integer(Int64(requests)), "replayed": .integer(Int64(replayed)),
                    "lock_wait_seconds": .seconds(durations.lockWait), "build_seconds": .seconds(durations.build),
                    "commit_seconds": .seconds(durations.commit),
                ])
        case .appendFailed(let ledger, let code):
            Record("append_failed", .error, ["ledger": .text(ledger), "code": .text(code)])
        case .appendOutcomeUnknown(let ledger): Record("append_outcome_unknown", .warning, ["ledger": .text(ledger)])
        case .lostCommitResolved(let ledger, let stored):
            Record("lost_commit_resolved", .notice, ["ledger": .text(ledger), "stored": .flag(stored)])
        case .guiltyRequest(let ledger, let sqlState):
            Record("guilty_request", .error, ["ledger": .text(ledger), "sql_state": .text(sqlState)])
        case .idempotencyMismatch(let ledger, let token, let byAnother):
            Record(
                "idempotency_mismatch", byAnother ? .warning : .notice,
                ["ledger": .text(ledger), "token": .text(token), "by_another": .flag(byAnother)])
        case .clockRefused(let ledger, let reason):
            Record("clock_refused", .critical, ["ledger": .text(ledger), "reason": .text(reason)])
        case .masterSecretRefused(let ledger): Record("master_secret_refused", .critical, ["ledger": .text(ledger)])
        case .ledgerHalted(let ledger, let reason):
            Record("ledger_halted", .critical, ["ledger": .text(ledger), "reason": .text(reason)])
        case .checkpointPublished(let ledger, let size, let entries, let seconds):
            Record(
                "checkpoint_published", .debug,
                [
                    "ledger": .text(ledger), "size": .integer(Int64(size)), "entries": .integer(Int64(entries)),
                    "seconds": .seconds(seconds),
                ])
        case .witnessAsked(let ledger, let witness, let outcome):
            Record(
                "witness_asked", level(ofWitnessOutcome: outcome),
                ["ledger": .text(ledger), "witness": .text(witness), "outcome": .text(outcome)])
        case .timestampAsked(let ledger, let code, let reason):
            Record(
                "timestamp_asked", code == "stamped" ? .info : .warning,
                ["ledger": .text(ledger), "code": .text(code), "reason": .text(reason)])
        case .signingFailed(let ledger, let code, let reason):
            Record(
                "signing_failed", .error,
                ["ledger": .text(ledger), "code": .text(code), "reason": .text(reason)])
        case .partitionCreated(let name): Record("partition_created", .info, ["name": .text(name)])
        case .rollupsAdvanced(let ledger, let seq, let entries):
            Record(
                "rollups_advanced", .debug,
                ["ledger": .text(ledger), "seq": .integer(seq), "entries": .integer(Int64(entries))])
        case .migrationApplied(let version, let name):
            Record("migration_applied", .notice, ["version": .integer(Int64(version)), "name": .text(name)])
        case .tokenRefused(let reason): Record("token_refused", .notice, ["reason": .text(reason)])
        case .requestRefused(let route, let code):
            Record("request_refused", .info, ["route": .text(route), "code": .text(code)])
        case .requestAnswered(let method, let route, let status, let seconds):
            Record(
                "request_answered", .debug,
                [
                    "method": .text(method), "route": .text(route), "status": .integer(Int64(status)),
                    "seconds": .seconds(seconds),
                ])
        case .identityChecked(let ledger, let assessment, let changed):
            Record(
                "identity_checked", changed ? .notice : .debug,
                ["ledger": .text(ledger), "assessment": .text(assessment), "changed": .flag(changed)])
        case .identityCheckFailed(let ledger, let reason):
            Record("identity_check_failed", .warning, ["ledger": .text(ledger), "reason": .text(reason)])
        case .witnessAnswered(let origin, let status):
            Record(
                "witness_answered", status == 422 ? .warning : .debug,
                ["origin": .text(origin ?? "unknown"), "status": .integer(Int64(status))])
        case .forkSeen(let origin): Record("fork_seen", .critical, ["origin": .text(origin)])
        case .witnessFailed(let code, let reason):
            Record("witness_failed", .error, ["code": .text(code), "reason": .text(reason)])
        case .erased(let ledger, let event, let entries):
            Record(
                "erased", .notice,
                ["ledger": .text(ledger), "event": .text(event), "entries": .integer(Int64(entries))])
        case .erasureRefused(let ledger): Record("erasure_refused", .notice, ["ledger": .text(ledger)])
        case .erasureJournalFailed(let ledger, let reason):
            Record("erasure_journal_failed", .critical, ["ledger": .text(ledger), "reason": .text(reason)])
        case .retentionFailed(let ledger, let reason):
            Record("retention_failed", .error, ["ledger": .text(ledger), "reason": .text(reason)])
        case .verificationFinished(let ledger, let entries, let broken, let seconds):
            Record(
                "verification_finished", broken == 0 ? .info : .critical,
                [
                    "ledger": .text(ledger), "entries": .integer(entries), "broken": .integer(broken),
                    "seconds": .seconds(seconds),
                ])
        }
    }

    /// A witness that knows more than we do is the worst that it can say.
    private func level(ofWitnessOutcome outcome: String) -> Level {
        switch outcome {
        case "cosigned": .debug
        case "rollback_proved", "rollback_claimed", "inconsistent": .critical
        default: .warning
        }
    }
}
