import Checkpoints
import Identities
import Ledger
import LedgerStore

/// Holds restored ledgers to all that is known of them outside the database.
struct RestoredLedgers {
    private let open: OpenStore
    private let manifest: BackupManifest
    private let unsigned: Set<String>
    private let trusted: [NoteKey]
    private let witnesses: Witnesses?

    /// - Parameters:
    ///   - unsigned: the ledgers that no key vouches for.
    ///   - trusted: the keys that the caller gave.
    init(
        _ open: OpenStore, _ manifest: BackupManifest, unsigned: [Origin], trusted: [NoteKey], _ witnesses: Witnesses?
    ) {
        self.open = open
        self.manifest = manifest
        self.unsigned = Set(unsigned.map(\.text))
        self.trusted = trusted
        self.witnesses = witnesses
    }

    func results() async throws -> [CheckResult] {
        var results: [CheckResult] = []
        for expected in manifest.ledgers {
            // One that was never begun has nothing to be held to.
            guard let ledger = try await open.store.ledger(expected.origin) else { continue }
            let result = try await verified(ledger, expected)
            if result.status != .ok { try await open.store.halt(ledger, "restored, and not good: \(result.detail)") }
            results.append(result)
            results.append(try await upToDate(ledger))
        }
        // What began after the backup is in no list of it.
        let missing = try await open.location.requireSigning().missingLedgers(in: open.store)
        results += missing.map(CheckResult.missing)
        let known = Set(manifest.ledgers.map(\.origin.text) + missing.map { "\($0.origin)" })
        for name in Set(trusted.map { "\($0.name)" }).subtracting(known).sorted() {
            results.append(
                .fail(
                    "\(name): restored", "you gave a key of this ledger, and the backup does not hold it",
                    next: "restore a later backup, or leave the key out"))
        }
        return results
    }

    /// Everything re-derived from the lines, and the backup's checkpoint.
    private func verified(
        _ ledger: StoredLedger, _ expected: BackupManifest.LedgerState
    ) async throws -> CheckResult {
        let name = "\(ledger.origin.text): restored"
        let own = try await open.store.signingKeys(of: ledger)
        guard own == expected.ledger.keys?.keys ?? [] else {
            return .fail(name, "its keys are not those that the manifest names", next: "take another backup")
        }
        var head: TreeHead?
        if let note = expected.checkpoint {
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
        guard report.isIntact else {
            return .fail(
                name, "\(report.findings.first?.reason ?? "it is not intact"); the ledger is halted",
                next: "run `countersign verify`, which names all that is wrong; take another backup")
        }
        let whose = unsigned.contains(ledger.origin.text) ? "unsigned" : "signed by its key"
        let signed = head.map { ", which hold the signed checkpoint of \(Progress.grouped($0.size))" } ?? ""
        return .ok(name, "\(whose); \(Progress.grouped(report.size)) entries, all verified\(signed)")
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
