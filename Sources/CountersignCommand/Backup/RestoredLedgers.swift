import Checkpoints
import Identities
import Ledger
import LedgerStore

/// Holds restored ledgers to all that is known of them outside the database.
struct RestoredLedgers {
    private let open: OpenStore
    private let manifest: BackupManifest
    private let witnesses: Witnesses?

    init(_ open: OpenStore, _ manifest: BackupManifest, _ witnesses: Witnesses?) {
        self.open = open
        self.manifest = manifest
        self.witnesses = witnesses
    }

    func results() async throws -> [CheckResult] {
        var results: [CheckResult] = []
        for expected in manifest.ledgers {
            guard let ledger = try await open.store.ledger(try Origin(expected.ledger)) else {
                results.append(.fail(expected.ledger, "it is not in the dump", next: "take another backup"))
                continue
            }
            results.append(try await verified(ledger, expected))
            results.append(try await upToDate(ledger))
        }
        // What began after the backup is in no list of it.
        let lost = try await open.location.requireSigning().missingLedgers(in: open.store).filter { known in
            !manifest.ledgers.contains { $0.ledger == "\(known.origin)" }
        }
        return results + lost.map(CheckResult.missing)
    }

    /// Everything re-derived from the lines, and the backup's checkpoint.
    private func verified(_ ledger: StoredLedger, _ expected: BackupManifest.Ledger) async throws -> CheckResult {
        let name = "\(ledger.origin.text): restored"
        var head: TreeHead?
        if let text = expected.checkpoint, let note = try? SignedNote(Array(text.utf8)) {
            let own = try await open.store.signingKeys(of: ledger)
            guard let trusted = try? TrustedCheckpoint(note, log: own).checkpoint else {
                return .fail(name, "its key did not sign the backup's checkpoint", next: "take another backup")
            }
            head = TreeHead(size: trusted.size, root: trusted.root)
        }
        try Output.error.writeLine("verifying \(ledger.origin.text)")
        var report = try await open.store.verify(ledger, VerificationOptions(expected: head))
        for finding in try await StoredReports(open.store).check(ledger, upTo: report.size).findings {
            report.add(Finding(.report, seq: finding.seq, table: "dmarc_reports", finding.reason))
        }
        guard report.isIntact, report.size >= expected.size else {
            return .fail(
                name, report.findings.first?.reason ?? "\(report.size) entries, and the backup says \(expected.size)",
                next: "run `countersign verify`, which names all that is wrong; take another backup")
        }
        let signed = head.map { ", which hold the signed checkpoint of \(Progress.grouped($0.size))" } ?? ""
        return .ok(name, "\(Progress.grouped(report.size)) entries, all verified\(signed)")
    }

    /// Whether something outside the database knows more. A ledger that is behind is halted before it is served.
    private func upToDate(_ ledger: StoredLedger) async throws -> CheckResult {
        let name = "\(ledger.origin.text): up to date"
        let size = try await open.store.head(of: ledger).size
        var known: [(whose: String, checkpoint: Checkpoint)] = []
        var missing: [String] = []
        let folders = try open.location.requireSigning()
        if let record = try folders.guards.record(of: ledger.origin) {
            known.append(("the guard", record.checkpoint))
        } else {
            missing.append("there is no guard")
        }
        if let witnesses {
            let own = try await open.store.signingKeys(of: ledger)
            if let seen = await witnesses.newest(of: ledger.origin, own: own) {
                known.append(("a witness", seen))
            } else {
                missing.append("no witness has answered with a checkpoint")
            }
        }
        for (whose, checkpoint) in known {
            let root = try await open.store.root(of: ledger, size: checkpoint.size)
            guard checkpoint.size > 0, root != checkpoint.root else { continue }
            let reason = "the database has \(size) entries, and \(whose) a signed checkpoint of \(checkpoint.size)"
            try await open.store.halt(ledger, reason, expecting: checkpoint)
            return .fail(
                name,
                checkpoint.size > size ? "\(reason): \(checkpoint.size - size) are lost; the ledger is halted" : reason,
                next: "restore further if you can, then `countersign doctor --after-restore`")
        }
        guard missing.isEmpty else {
            return .warn(
                name, "\(missing.joined(separator: ", and ")), so nothing says whether entries are lost",
                next: "put the guard as it was last into place, and name --witness-policy")
        }
        return .ok(name, "neither guard nor witnesses know of more than these \(Progress.grouped(size)) entries")
    }
}
