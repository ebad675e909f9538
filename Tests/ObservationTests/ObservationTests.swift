import Observation
import Synchronization
import Testing

@Suite struct `An observation` {
    private static let all: [Observation] = [
        .serverListening(address: "127.0.0.1:8080"), .postgresStarted(adopted: true), .postgresDied, .postgresRestarted,
        .postgresStopped,
        .appendCommitted(
            ledger: "a.example/mail", entries: 3, requests: 2, replayed: 1,
            durations: AppendDurations(lockWait: 0.25, build: 0.5, commit: 1)),
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
        .rollupsAdvanced(ledger: "a.example/mail", seq: 41, entries: 7), .migrationApplied(version: 1, name: "ledger"),
        .tokenRefused(reason: "revoked"), .requestRefused(route: "/v1/entries", code: "malformed_json"),
        .requestAnswered(method: "POST", route: "/v1/entries", status: 400, seconds: 0.25),
        .identityChecked(ledger: "a.example/mail", assessment: "protected", changed: true),
        .identityCheckFailed(ledger: "a.example/mail", reason: "unavailable"),
        .witnessAnswered(origin: "a.example/mail", status: 200), .forkSeen(origin: "a.example/mail"),
        .witnessFailed(code: "busy", reason: "w/ab.lock is locked"),
        .erased(ledger: "a.example/mail", event: "erasure", entries: 6), .erasureRefused(ledger: "a.example/mail"),
        .erasureJournalFailed(ledger: "a.example/mail", reason: "full"),
        .retentionFailed(ledger: "a.example/mail", reason: "no"),
        .verificationFinished(ledger: "a.example/mail", entries: 9, broken: 0, seconds: 0.125),
    ]

    @Test func `has a name of its own, in snake_case, and so have its fields`() {
        #expect(Set(Self.all.map(\.name)).count == Self.all.count)
        for name in Self.all.flatMap({ [$0.name] + $0.fields.map(\.name) }) {
            #expect(name.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil, "\(name)")
        }
    }

    @Test func `tells what it carries, in order`() {
        let committed = Self.all[5]
        #expect(committed.name == "append_committed")
        #expect(
            committed.fields.map(\.name) == [
                "ledger", "entries", "requests", "replayed", "lock_wait_seconds", "build_seconds", "commit_seconds",
            ])
        #expect(committed.fields.last?.value == .seconds(1))
    }

    @Test func `of a broken entry is critical, of none it is not`() {
        func level(_ broken: Int64) -> Observation.Level {
            Observation.verificationFinished(ledger: "a.example/mail", entries: 9, broken: broken, seconds: 1).level
        }
        #expect(level(0) == .info)
        #expect(level(1) == .critical)
    }

    @Test func `of a witness warns where a log's checkpoint does not continue the last one`() {
        func level(_ status: Int) -> Observation.Level {
            Observation.witnessAnswered(origin: "a.example/mail", status: status).level
        }
        #expect((level(200), level(409), level(422)) == (.debug, .debug, .warning))
        #expect(Observation.forkSeen(origin: "a.example/mail").level == .critical)
        #expect(Observation.witnessAnswered(origin: nil, status: 404).fields.first?.value == .text("unknown"))
    }

    @Test func `reaches every observer of a group, in order`() {
        final class Notes: Observer {
            let seen = Mutex<[Observation]>([])
            func observe(_ observation: Observation) { seen.withLock { $0.append(observation) } }
        }
        let (one, other) = (Notes(), Notes())
        let group = ObserverGroup(one, other)
        for observation in Self.all { group.observe(observation) }
        #expect(one.seen.withLock { $0 } == Self.all)
        #expect(other.seen.withLock { $0 } == Self.all)
    }
}
