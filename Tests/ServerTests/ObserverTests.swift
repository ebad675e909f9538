import FoundationEssentials
import Logging
import Observation
import Synchronization
import Testing

@testable import Server

@Suite struct `Readers of observations` {
    static let all: [Observation] = [
        .serverListening(address: "127.0.0.1:8080"), .postgresStarted(adopted: true), .postgresDied, .postgresRestarted,
        .appendCommitted(
            ledger: "a.example/mail", entries: 3, requests: 4, replayed: 2,
            durations: AppendDurations(lockWait: 0.25, build: 0.5, commit: 0.002)),
        .appendFailed(ledger: "a.example/mail", code: "unavailable"), .appendOutcomeUnknown(ledger: "a.example/mail"),
        .lostCommitResolved(ledger: "a.example/mail", stored: true),
        .guiltyRequest(ledger: "a.example/mail", sqlState: "22P02"),
        .idempotencyMismatch(ledger: "a.example/mail", token: "tok_1", byAnother: true),
        .clockRefused(ledger: "a.example/mail", reason: "ahead by 90 s"),
        .masterSecretRefused(ledger: "a.example/mail"),
        .ledgerHalted(ledger: "a.example/mail", reason: "a reason"),
        .checkpointPublished(ledger: "a.example/mail", size: 9, entries: 2, seconds: 0.01),
        .signingFailed(ledger: "a.example/mail", code: "busy", reason: "a reason"),
        .witnessAsked(ledger: "a.example/mail", witness: "w.example/1", outcome: "cosigned"),
        .timestampAsked(ledger: "a.example/mail", code: "stamped", reason: ""),
        .partitionCreated(name: "entries_2"),
        .rollupsAdvanced(ledger: "a.example/mail", seq: 41, entries: 7), .migrationApplied(version: 3, name: "ledger"),
        .tokenRefused(reason: "revoked"), .requestRefused(route: "/v1/entries", code: "malformed_json"),
        .requestAnswered(method: "POST", route: "/v1/entries", status: 400, seconds: 0.25),
        .identityChecked(ledger: "a.example/mail", assessment: "protected", changed: true),
        .identityCheckFailed(ledger: "a.example/mail", reason: "unavailable"),
        .witnessAnswered(origin: "a.example/mail", status: 422), .forkSeen(origin: "a.example/mail"),
        .witnessFailed(code: "busy", reason: "w/ab.lock is locked"),
        .erased(ledger: "a.example/mail", event: "erasure", entries: 6), .erasureRefused(ledger: "a.example/mail"),
        .erasureJournalFailed(ledger: "a.example/mail", reason: "full"),
        .retentionFailed(ledger: "a.example/mail", reason: "no"),
        .verificationFinished(ledger: "a.example/mail", entries: 9, broken: 2, seconds: 0.125),
    ]

    @Test func `count every event under a name with an explanation`() {
        let metrics = PrometheusMetrics(help: MetricsObserver.help)
        let observer = MetricsObserver(factory: metrics)
        for observation in Self.all { observer.observe(observation) }
        let lines = Set(metrics.exposition().split(separator: "\n").map { String($0) })
        for line in [
            "countersign_postgres_up 1", "countersign_postgres_deaths_total 1", "countersign_schema_version 3",
            "countersign_entries_total 3", "countersign_append_requests_total 4",
            "countersign_append_replayed_requests_total 2", "countersign_append_group_entries_sum 3",
            "countersign_append_commit_seconds_bucket{le=\"0.0025\"} 1",
            "countersign_append_commit_seconds_bucket{le=\"0.001\"} 0",
            "countersign_append_lock_wait_seconds_sum 0.25", "countersign_append_build_seconds_count 1",
            "countersign_append_failures_total{code=\"unavailable\"} 1",
            "countersign_append_unknown_outcomes_total 1",
            "countersign_lost_commits_total{stored=\"true\"} 1",
            "countersign_guilty_requests_total{sql_state=\"22P02\"} 1",
            "countersign_clock_refusals_total 1", "countersign_master_secret_refusals_total 1",
            "countersign_ledger_halts_total 1", "countersign_partitions_created_total 1",
            "countersign_rollups_entries_total 7",
            "countersign_token_refusals_total{reason=\"revoked\"} 1",
            "countersign_request_refusals_total{code=\"malformed_json\",route=\"/v1/entries\"} 1",
            "countersign_http_request_seconds_sum{method=\"POST\",route=\"/v1/entries\",status=\"400\"} 0.25",
            "countersign_witness_answers_total{status=\"422\"} 1", "countersign_witness_forks_total 1",
            "countersign_witness_failures_total{code=\"busy\"} 1",
            "countersign_erased_entries_total{event=\"erasure\"} 6", "countersign_erasure_refusals_total 1",
            "countersign_erasure_journal_failures_total 1", "countersign_retention_failures_total 1",
            "countersign_verifications_total{verdict=\"broken\"} 1",
            "countersign_verified_entries 9", "countersign_broken_entries 2",
            "countersign_verification_seconds_sum 0.125",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!metrics.exposition().contains("a.example"), "whoever reads metrics need not know the ledgers")
        let names = lines.filter { $0.hasPrefix("# TYPE") }.map { String($0.split(separator: " ")[2]) }
        #expect(Set(names) == Set(MetricsObserver.help.keys).union([PrometheusMetrics.refusedName]))
        observer.observe(.postgresStopped)
        #expect(metrics.exposition().contains("countersign_postgres_up 0\n"))
    }

    @Test func `log every event as one line with its name, level and fields`() throws {
        let lines = Lines()
        let logger = Logger(label: "countersign") { JSONLogHandler(label: $0, level: .trace, write: lines.write) }
        let observer = LogObserver(logger: logger)
        for observation in Self.all { observer.observe(observation) }
        let objects = try lines.objects(as: Line.self)
        #expect(objects.map(\.message) == Self.all.map(\.name))
        #expect(objects[4].level == "debug" && objects[4].entries == 3 && objects[4].commit_seconds == 0.002)
        #expect(objects.last?.level == "critical" && objects.last?.ledger == "a.example/mail")
    }

    private struct Line: Decodable {
        let level, message: String
        let ledger: String?
        let entries: Int?
        let commit_seconds: Double?
    }
}

/// Collects what a handler writes.
final class Lines: Sendable {
    private let bytes = Mutex<[[UInt8]]>([])

    @Sendable func write(_ line: [UInt8]) { bytes.withLock { $0.append(line) } }

    /// Each line as JSON; a line that is not exactly one object on one line fails.
    func objects<Object: Decodable>(as type: Object.Type) throws -> [Object] {
        try bytes.withLock { $0 }.map { line in
            #expect(line.last == UInt8(ascii: "\n"))
            let text = try #require(String(validating: line, as: UTF8.self))
            #expect(text.split(whereSeparator: \.isNewline).count == 1, "\(text)")
            return try JSONDecoder().decode(type, from: Data(line))
        }
    }
}
