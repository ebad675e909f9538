package import CoreMetrics
package import Observation

/// Counts events.
///
/// No ledger is named: whoever may read the metrics need not know which ledgers there are. The log names them.
package final class MetricsObserver: Observer {
    private let postgresUp, schemaVersion, verifiedEntries, brokenEntries: Meter
    private let postgresDeaths, partitions, entries, commits, requests, replays, unknownOutcomes: Counter
    private let clockRefusals, masterSecretRefusals, halts, rollupEntries, witnessForks: Counter
    private let lockWait, build, commit, signing, verificationSeconds: Timer
    private let groupEntries: Recorder

    private let failures, lostCommits, guiltyRequests, idempotencyMismatches, signingFailures, verifications,
        erasedEntries: LabelledMetrics<Counter>
    private let cosignatures, timestamps: LabelledMetrics<Counter>
    private let erasureRefusals, erasureJournalFailures, retentionFailures: Counter
    private let tokenRefusals, requestRefusals, identityChecks, identityCheckFailures: LabelledMetrics<Counter>
    private let witnessAnswers, witnessFailures: LabelledMetrics<Counter>
    private let answers: LabelledMetrics<Timer>

    package init(factory: any MetricsFactory) {
        func meter(_ name: String) -> Meter { Meter(label: "countersign_" + name, factory: factory) }
        func counter(_ name: String) -> Counter { Counter(label: "countersign_" + name, factory: factory) }
        func timer(_ name: String) -> Timer { Timer(label: "countersign_" + name, factory: factory) }
        func counters(_ name: String, _ labels: String...) -> LabelledMetrics<Counter> {
            LabelledMetrics(labels) { Counter(label: "countersign_" + name, dimensions: $0, factory: factory) }
        }
        postgresUp = meter("postgres_up")
        schemaVersion = meter("schema_version")
        postgresDeaths = counter("postgres_deaths_total")
        partitions = counter("partitions_created_total")
        lockWait = timer("append_lock_wait_seconds")
        build = timer("append_build_seconds")
        commit = timer("append_commit_seconds")
        verificationSeconds = timer("verification_seconds")
        groupEntries = Recorder(label: "countersign_append_group_entries", aggregate: true, factory: factory)
        entries = counter("entries_total")
        commits = counter("append_commits_total")
        requests = counter("append_requests_total")
        replays = counter("append_replayed_requests_total")
        failures = counters("append_failures_total", "code")
        unknownOutcomes = counter("append_unknown_outcomes_total")
        lostCommits = counters("lost_commits_total", "stored")
        guiltyRequests = counters("guilty_requests_total", "sql_state")
        idempotencyMismatches = counters("idempotency_mismatches_total", "by_another")
        signing = timer("checkpoint_seconds")
        cosignatures = counters("witness_requests_total", "outcome")
        timestamps = counters("timestamp_requests_total", "code")
        signingFailures = counters("signing_failures_total", "code")
        clockRefusals = counter("clock_refusals_total")
        masterSecretRefusals = counter("master_secret_refusals_total")
        halts = counter("ledger_halts_total")
        rollupEntries = counter("rollups_entries_total")
        tokenRefusals = counters("token_refusals_total", "reason")
        requestRefusals = counters("request_refusals_total", "route", "code")
        answers = LabelledMetrics(["method", "route", "status"]) {
            Timer(label: "countersign_http_request_seconds", dimensions: $0, factory: factory)
        }
        identityChecks = counters("identity_checks_total", "assessment", "changed")
        identityCheckFailures = counters("identity_check_failures_total", "reason")
        witnessAnswers = counters("witness_answers_total", "status")
        witnessForks = counter("witness_forks_total")
        witnessFailures = counters("witness_failures_total", "code")
        erasedEntries = counters("erased_entries_total", "event")
        erasureRefusals = counter("erasure_refusals_total")
        erasureJournalFailures = counter("erasure_journal_failures_total")
        retentionFailures = counter("retention_failures_total")
        verifications = counters("verifications_total", "verdict")
        verifiedEntries = meter("verified_entries")
        brokenEntries = meter("broken_entries")
    }

    package func observe(_ observation: Observation) {
        switch observation {
        case .serverListening: break
        case .postgresStarted, .postgresRestarted: postgresUp.set(1)
        case .postgresStopped: postgresUp.set(0)
        case .postgresDied:
            postgresUp.set(0)
            postgresDeaths.increment()
        case .appendCommitted(_, let entries, let requests, let replayed, let durations):
            self.entries.increment(by: entries)
            commits.increment()
            self.requests.increment(by: requests)
            replays.increment(by: replayed)
            groupEntries.record(entries)
            lockWait.recordSeconds(durations.lockWait)
            build.recordSeconds(durations.build)
            commit.recordSeconds(durations.commit)
        case .appendFailed(_, let code): failures[code].increment()
        case .appendOutcomeUnknown: unknownOutcomes.increment()
        case .lostCommitResolved(_, let stored): lostCommits[stored ? "true" : "false"].increment()
        case .guiltyRequest(_, let sqlState): guiltyRequests[sqlState].increment()
        case .idempotencyMismatch(_, _, let byAnother):
            idempotencyMismatches[byAnother ? "true" : "false"].increment()
        case .clockRefused: clockRefusals.increment()
        case .masterSecretRefused: masterSecretRefusals.increment()
        case .ledgerHalted: halts.increment()
        case .checkpointPublished(_, _, _, let seconds): signing.recordSeconds(seconds)
        case .signingFailed(_, let code, _): signingFailures[code].increment()
        case .witnessAsked(_, _, let outcome): cosignatures[outcome].increment()
        case .timestampAsked(_, let code, _): timestamps[code].increment()
        case .partitionCreated: partitions.increment()
        case .rollupsAdvanced(_, _, let entries): rollupEntries.increment(by: entries)
        case .migrationApplied(let version, _): schemaVersion.set(version)
        case .tokenRefused(let reason): tokenRefusals[reason].increment()
        case .requestRefused(let route, let code): requestRefusals[route, code].increment()
        case .requestAnswered(let method, let route, let status, let seconds):
            answers[method, route, String(status)].recordSeconds(seconds)
        case .identityChecked(_, let assessment, let changed):
            identityChecks[assessment, changed ? "true" : "false"].increment()
        case .identityCheckFailed(_, let reason): identityCheckFailures[reason].increment()
        case .witnessAnswered(_, let status): witnessAnswers[String(status)].increment()
        case .forkSeen: witnessForks.increment()
        case .witnessFailed(let code, _): witnessFailures[code].increment()
        case .erased(_, let event, let entries): erasedEntries[event].increment(by: entries)
        case .erasureRefused: erasureRefusals.increment()
        case .erasureJournalFailed: erasureJournalFailures.increment()
        case .retentionFailed: retentionFailures.increment()
        case .verificationFinished(_, let entries, let broken, let seconds):
            verifications[broken == 0 ? "intact" : "broken"].increment()
            verifiedEntries.set(entries)
            brokenEntries.set(broken)
            verificationSeconds.recordSeconds(seconds)
        }
    }
}
