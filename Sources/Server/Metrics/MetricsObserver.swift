package import CoreMetrics
package import Observation

/// Counts events.
package final class MetricsObserver: Observer {
    private let postgresUp, schemaVersion: Meter
    private let postgresDeaths, partitions: Counter
    private let lockWait, build, commit, verificationSeconds: Timer
    private let groupEntries: Recorder

    private let entries, commits, requests, replays, unknownOutcomes: LabelledMetrics<Counter>
    private let failures, lostCommits, guiltyRequests, rollupEntries, verifications: LabelledMetrics<Counter>
    private let clockRefusals, masterSecretRefusals, tokenRefusals, requestRefusals: LabelledMetrics<Counter>
    private let answers: LabelledMetrics<Timer>
    private let halted, rollupSeq, verifiedEntries, brokenEntries: LabelledMetrics<Meter>

    package init(factory: any MetricsFactory) {
        func meter(_ name: String) -> Meter { Meter(label: "countersign_" + name, factory: factory) }
        func counter(_ name: String) -> Counter { Counter(label: "countersign_" + name, factory: factory) }
        func timer(_ name: String) -> Timer { Timer(label: "countersign_" + name, factory: factory) }
        func counters(_ name: String, _ labels: String...) -> LabelledMetrics<Counter> {
            LabelledMetrics(labels) { Counter(label: "countersign_" + name, dimensions: $0, factory: factory) }
        }
        func meters(_ name: String, _ labels: String...) -> LabelledMetrics<Meter> {
            LabelledMetrics(labels) { Meter(label: "countersign_" + name, dimensions: $0, factory: factory) }
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
        entries = counters("entries_total", "ledger")
        commits = counters("append_commits_total", "ledger")
        requests = counters("append_requests_total", "ledger")
        replays = counters("append_replayed_requests_total", "ledger")
        failures = counters("append_failures_total", "ledger", "code")
        unknownOutcomes = counters("append_unknown_outcomes_total", "ledger")
        lostCommits = counters("lost_commits_total", "ledger", "stored")
        guiltyRequests = counters("guilty_requests_total", "ledger", "sql_state")
        clockRefusals = counters("clock_refusals_total", "ledger")
        masterSecretRefusals = counters("master_secret_refusals_total", "ledger")
        halted = meters("ledger_halted", "ledger")
        rollupSeq = meters("rollups_seq", "ledger")
        rollupEntries = counters("rollups_entries_total", "ledger")
        tokenRefusals = counters("token_refusals_total", "reason")
        requestRefusals = counters("request_refusals_total", "route", "code")
        answers = LabelledMetrics(["method", "route", "status"]) {
            Timer(label: "countersign_http_request_seconds", dimensions: $0, factory: factory)
        }
        verifications = counters("verifications_total", "ledger", "verdict")
        verifiedEntries = meters("verified_entries", "ledger")
        brokenEntries = meters("broken_entries", "ledger")
    }

    package func observe(_ observation: Observation) {
        switch observation {
        case .serverListening: break
        case .postgresStarted, .postgresRestarted: postgresUp.set(1)
        case .postgresStopped: postgresUp.set(0)
        case .postgresDied:
            postgresUp.set(0)
            postgresDeaths.increment()
        case .appendCommitted(let ledger, let entries, let requests, let replayed, let durations):
            self.entries[ledger].increment(by: entries)
            commits[ledger].increment()
            self.requests[ledger].increment(by: requests)
            replays[ledger].increment(by: replayed)
            groupEntries.record(entries)
            lockWait.recordSeconds(durations.lockWait)
            build.recordSeconds(durations.build)
            commit.recordSeconds(durations.commit)
        case .appendFailed(let ledger, let code): failures[ledger, code].increment()
        case .appendOutcomeUnknown(let ledger): unknownOutcomes[ledger].increment()
        case .lostCommitResolved(let ledger, let stored): lostCommits[ledger, stored ? "true" : "false"].increment()
        case .guiltyRequest(let ledger, let sqlState): guiltyRequests[ledger, sqlState].increment()
        case .clockRefused(let ledger, _): clockRefusals[ledger].increment()
        case .masterSecretRefused(let ledger): masterSecretRefusals[ledger].increment()
        case .ledgerHalted(let ledger): halted[ledger].set(1)
        case .partitionCreated: partitions.increment()
        case .rollupsAdvanced(let ledger, let seq, let entries):
            rollupSeq[ledger].set(seq)
            rollupEntries[ledger].increment(by: entries)
        case .migrationApplied(let version, _): schemaVersion.set(version)
        case .tokenRefused(let reason): tokenRefusals[reason].increment()
        case .requestRefused(let route, let code): requestRefusals[route, code].increment()
        case .requestAnswered(let method, let route, let status, let seconds):
            answers[method, route, String(status)].recordSeconds(seconds)
        case .verificationFinished(let ledger, let entries, let broken, let seconds):
            verifications[ledger, broken == 0 ? "intact" : "broken"].increment()
            verifiedEntries[ledger].set(entries)
            brokenEntries[ledger].set(broken)
            verificationSeconds.recordSeconds(seconds)
        }
    }
}
