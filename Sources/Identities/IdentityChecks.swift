import Cryptography
package import Ledger
package import LedgerStore
package import MailAuthentication
package import Observation
import Postgres
import Synchronization

/// Checks identities: on request, and by the schedule. A scheduled check makes an entry when something changed, and
/// once a day when nothing did.
///
/// The schedule stands in the database, so it survives a restart, and each identity is claimed by one instance at a
/// time. A claim that nobody finishes is over after ``claimTime``; the entry of an instance that lost its claim is
/// refused under the ledger's lock.
package final class IdentityChecks: Sendable {
    /// How long a claim holds.
    private static let claimTime = Duration.seconds(120)
    /// How many identities one instance checks at once.
    private static let claimsMax = 16
    /// The longest pause: another process may have added an identity.
    private static let pauseMax = Duration.seconds(60)
    /// How many of the first that are due are looked at: some may be claimed by others.
    private static let lookedAtMax = 64
    private static let pauseMin = Duration.milliseconds(50)
    /// How often a pause looks whether it was ended.
    private static let look = Duration.milliseconds(250)
    private static let appendTimeout = Duration.seconds(30)
    private static let reporter = Reporter(id: "identity-checks", via: .service)

    private let store: LedgerStore
    private let register: IdentityRegister
    private let verifications: Verifications
    private let schedule: CheckSchedule
    private let observer: any Observer
    /// Whether something may be due before the pause is over.
    private let isWoken = Atomic(false)

    package init(
        _ store: LedgerStore, verifications: Verifications, schedule: CheckSchedule, observer: any Observer
    ) {
        self.store = store
        self.verifications = verifications
        self.schedule = schedule
        self.observer = observer
        register = IdentityRegister(store)
    }

    /// Says that an identity may be due, so that nobody waits for the end of a pause.
    package func wake() { isWoken.store(true, ordering: .relaxed) }

    /// Checks what is due until it is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let claims = (try? await claim()) ?? []
            await withDiscardingTaskGroup { tasks in
                for claim in claims { tasks.addTask { await self.work(off: claim) } }
            }
            if claims.isEmpty { await rest() }
        }
    }

    /// Until the next identity is due, or somebody wakes us.
    private func rest() async {
        let due = try? await store.read { connection, deadline in
            try await connection.query(
                """
                SELECT extract(epoch FROM min(next) - now())::float8
                FROM (
                    SELECT greatest(due_at, claimed_until) AS next FROM countersign.identities
                    ORDER BY due_at LIMIT \(Self.lookedAtMax)
                ) first
                """, deadline: deadline
            ).one().doubleIfPresent(0)
        }
        // A row may say any time, infinity included.
        let pause = due.map { Duration.seconds(min(max($0, 0), Self.pauseMax / .seconds(1))) } ?? Self.pauseMax
        let end = ContinuousClock.now + min(max(pause, Self.pauseMin), Self.pauseMax)
        while .now < end, !isWoken.exchange(false, ordering: .relaxed) {
            guard (try? await Task.sleep(for: min(Self.look, end - .now))) != nil else { return }
        }
    }

    private func work(off claim: IdentityClaim) async {
        do {
            try await check(claim)
        } catch {
            // The claim runs out by itself: that is the pause before the next try.
            observer.observe(.identityCheckFailed(ledger: claim.ledger.origin.text, reason: Self.reason(error)))
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as StoreError: error.code.rawValue
        case let error as Refusal: error.code.rawValue
        default: "internal"
        }
    }
}

/// Scheduled checks.
extension IdentityChecks {
    /// Claims what is due: first it is found, among all ledgers, and then each identity is claimed by itself. Who comes
    /// second finds it claimed.
    private func claim() async throws -> [IdentityClaim] {
        let due = try await store.read { connection, deadline in
            try await connection.query(
                """
                SELECT ledger_id, identity FROM countersign.identities
                WHERE due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
                ORDER BY due_at LIMIT \(Self.claimsMax)
                """, deadline: deadline
            ).map { (ledger: try $0.id(0), identity: try $0.text(1)) }
        }
        let claim = Random.bytes(16)
        var claims: [IdentityClaim] = []
        for (id, identity) in due {
            guard let ledger = try await store.ledger(id: id) else { continue }
            if let claimed = try await self.claim(identity, in: ledger, as: claim) { claims.append(claimed) }
        }
        return claims
    }

    /// Claims one identity; nil if somebody else has.
    private func claim(
        _ identity: String, in ledger: StoredLedger, as claim: [UInt8]
    ) async throws -> IdentityClaim? {
        let seconds = Self.claimTime.components.seconds
        let row = try await store.read { connection, deadline in
            try await connection.query(
                """
                UPDATE countersign.identities
                SET claim = \(claim), claimed_until = now() + \(seconds) * interval '1 second'
                WHERE ledger_id = \(ledger.id) AND identity = \(identity)
                    AND due_at <= now() AND (claimed_until IS NULL OR claimed_until < now())
                RETURNING settings, set_seq
                """, deadline: deadline
            ).first
        }
        guard let row else { return nil }
        do {
            let settings = try IdentitySettings(json: try JSONReader.read(Array(try row.text(0).utf8)))
            return IdentityClaim(
                ledger: ledger, name: try IdentityName(identity), settings: settings,
                setSeq: try row.int(1, in: Entry.seqs),
                claim: claim)
        } catch {
            // Settings of a newer binary, perhaps. The others that are claimed with it are none the worse.
            observer.observe(.identityCheckFailed(ledger: ledger.origin.text, reason: Self.reason(error)))
            return nil
        }
    }

    private func check(_ claim: IdentityClaim) async throws {
        let last = try await register.lastCheck(of: claim.name, in: claim.ledger)
        let now = verifications.clock()
        let source = verifications.evidence(
            keeping: try await keptEvidence(of: last, for: claim),
            dmarcSince: now - schedule.dmarcInterval, othersSince: now - schedule.othersInterval)
        let checked = await verifications.check(
            claim.settings.identity(of: claim.name.domain), on: source, at: now)
        let isOpen = checked.result.assessment == .indeterminate
        let pause = schedule.pause(isOpen: isOpen, chance: Double.random(in: 0...1))
        let changes = last.map { ResultChange.changes(from: $0.result, to: checked.result.json) }
        let isStale = last.map { $0.recordedAt < now - schedule.heartbeatInterval } ?? true
        if changes?.isEmpty == true, !isStale {
            try await release(claim, after: pause)
        } else {
            let trigger: Trigger = changes?.isEmpty == true ? .heartbeat : .scheduled
            try await record(claim, checked, trigger, last, changes ?? [], pause)
        }
        observer.observe(
            .identityChecked(
                ledger: claim.ledger.origin.text, assessment: checked.result.assessment.rawValue,
                changed: changes?.isEmpty == false))
    }

    /// What the last check rests on, unless it was one of other settings: then all is asked anew.
    private func keptEvidence(
        of last: IdentityCheck?, for claim: IdentityClaim
    ) async throws(StoreError) -> [DNSEvidence] {
        guard let last, let settings = last.settings,
            CanonicalWriter.bytes(of: settings) == CanonicalWriter.bytes(of: claim.settings.json)
        else { return [] }
        return try await store.dnsEvidence(last.evidence.compactMap { Digest(hex: $0) }, of: claim.ledger)
    }

    /// Notes a check that found nothing new.
    private func release(_ claim: IdentityClaim, after pause: Duration) async throws(StoreError) {
        _ = try await store.read { connection, deadline in
            try await connection.query(
                """
                UPDATE countersign.identities SET \(fragment: Self.finished(after: pause))
                WHERE ledger_id = \(claim.ledger.id) AND identity = \(claim.name.text) AND claim = \(claim.claim)
                """, deadline: deadline
            ).affected
        }
    }

    private func record(
        _ claim: IdentityClaim, _ checked: Verifications.Checked<IdentityVerification>, _ trigger: Trigger,
        _ last: IdentityCheck?, _ changes: [ResultChange], _ pause: Duration
    ) async throws {
        let (ledger, name) = (claim.ledger, claim.name)
        let draft = try Self.draft(
            name, claim.settings, checked, trigger, last, changes, in: ledger, Self.reporter, verifications)
        let isOurs = AppendUnit.Guard(
            reading: [.identity(name.text)],
            """
            SELECT FROM countersign.identities
            WHERE ledger_id = \(ledger.id) AND identity = \(name.text) AND claim = \(claim.claim)
                AND set_seq = \(claim.setSeq)
            """
        ) { rows in
            rows.isEmpty ? StoreError(.inProgress, "the identity was claimed anew", committed: .no) : nil
        }
        let unit = AppendUnit(
            [.init(draft, keys: ledger.keys)], guards: [isOurs], changes: [.identity(name.text)]
        ) { placed in
            Self.effects(of: placed, name, checked, in: ledger) + [
                """
                UPDATE countersign.identities SET \(fragment: Self.finished(after: pause))
                WHERE ledger_id = \(ledger.id) AND identity = \(name.text) AND claim = \(claim.claim)
                """
            ]
        }
        _ = try await store.append(unit, to: ledger, deadline: .now + Self.appendTimeout)
    }

    private static func finished(after pause: Duration) -> Statement {
        let milliseconds = Int64(pause / .milliseconds(1))
        return """
            checked_at = now(), claim = NULL, claimed_until = NULL,
            due_at = now() + \(milliseconds) * interval '1 millisecond'
            """
    }
}

/// Checks on request.
extension IdentityChecks {
    /// Checks an identity now, and records what comes out, whatever it is.
    ///
    /// - Parameters:
    ///   - settings: what to hold it to; the identity's own where it has any and none are given.
    ///   - timeout: how long the append may take, once the name system has answered.
    package func check(
        _ name: IdentityName, _ settings: IdentitySettings, in ledger: StoredLedger, reporter: Reporter,
        timeout: Duration
    ) async throws -> (checked: Verifications.Checked<IdentityVerification>, placed: Placed, changes: [ResultChange]) {
        let last = try await register.lastCheck(of: name, in: ledger)
        let checked = await verifications.check(settings.identity(of: name.domain))
        let changes = last.map { ResultChange.changes(from: $0.result, to: checked.result.json) } ?? []
        let draft = try Self.draft(
            name, settings, checked, .requested, last, changes, in: ledger, reporter, verifications)
        let unit = AppendUnit([.init(draft, keys: ledger.keys)], changes: [.identity(name.text)]) { placed in
            Self.effects(of: placed, name, checked, in: ledger)
        }
        return (checked, try await store.append(unit, to: ledger, deadline: .now + timeout)[0], changes)
    }

    private static func draft(
        _ name: IdentityName, _ settings: IdentitySettings, _ checked: Verifications.Checked<IdentityVerification>,
        _ trigger: Trigger, _ last: IdentityCheck?, _ changes: [ResultChange], in ledger: StoredLedger,
        _ reporter: Reporter, _ verifications: Verifications
    ) throws(Refusal) -> Draft {
        let event = try VerificationEvent.identity(
            name, settings, checked.result, trigger: trigger, previous: last?.seq, changed: changes.map(\.path),
            evidence: checked.evidence, list: verifications.publicSuffixes)
        return try Draft(event, origin: ledger.origin, reporter: reporter, random: Random.bytes)
    }

    /// What follows from the entry of a check: its evidence, its place among the checks, and when it was made.
    private static func effects(
        of placed: [Placed], _ name: IdentityName, _ checked: Verifications.Checked<IdentityVerification>,
        in ledger: StoredLedger
    ) -> [Statement] {
        LedgerStore.keeping(checked.evidence, of: ledger)
            + placed.flatMap { noteCheck(of: name.text, checked.result.assessment.rawValue, in: ledger, at: $0.seq) }
    }

    /// The place of a check, which the entry at `seq` records, among the checks, and when it was made.
    static func noteCheck(
        of name: String, _ assessment: String, in ledger: StoredLedger, at seq: Int
    ) -> [Statement] {
        [
            """
            INSERT INTO countersign.identity_verifications (ledger_id, identity, seq, assessment)
            VALUES (\(ledger.id), \(name), \(seq), \(assessment))
            """,
            """
            UPDATE countersign.identities SET checked_at = now()
            WHERE ledger_id = \(ledger.id) AND identity = \(name)
            """,
        ]
    }
}
