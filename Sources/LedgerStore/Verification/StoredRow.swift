import Cryptography
import Ledger
import Postgres

/// A row of `entries` with all its columns, as verification reads it.
struct StoredRow: Sendable {
    let seq: Int
    let recordedAt: Timestamp
    let occurredAt: Timestamp?
    let leafHash: Digest?
    let kind: String
    let outcome: String
    let oversightMode: String?
    let messageID: String?
    let sender: String?
    let actor: String?
    let runID: String?
    let line: [UInt8]
    let disclosures: [Disclosure]

    static let columns: Statement = """
        e.seq, e.recorded_at, e.occurred_at, e.leaf_hash, e.kind, e.outcome, e.oversight_mode, e.message_id, e.sender,
        e.actor, e.run_id, e.line, d.disclosures
        """

    init(_ row: Row) throws {
        seq = try row.int(0)
        recordedAt = Timestamp(try row.timestamp(1))
        occurredAt = try row.timestampIfPresent(2).map(Timestamp.init)
        leafHash = Digest(try row.bytes(3))
        kind = try row.text(4)
        outcome = try row.text(5)
        oversightMode = try row.textIfPresent(6)
        messageID = try row.textIfPresent(7)
        sender = try row.textIfPresent(8)
        actor = try row.textIfPresent(9)
        runID = try row.textIfPresent(10)
        line = Array(try row.text(11).utf8)
        disclosures = try (row.textIfPresent(12)?.split(separator: "~") ?? []).map { Disclosure(text: String($0)) }
    }

    /// What differs between the columns and the line that they project.
    func differences(from entry: Entry) -> [Finding] {
        var findings: [Finding] = []
        func compare(_ name: String, _ isEqual: Bool) {
            guard !isEqual else { return }
            findings.append(
                Finding(
                    .column(name), seq: seq, table: "entries", "the column \(name) differs from the line"))
        }
        compare("recorded_at", recordedAt == entry.recordedAt)
        compare("occurred_at", occurredAt == entry.occurredAt)
        compare("kind", Self.isSame(kind, entry.kind))
        compare("outcome", Self.isSame(outcome, entry.outcome))
        compare("oversight_mode", Self.isSame(oversightMode, entry.oversightMode))
        compare("message_id", Self.isSame(messageID, entry.messageID))
        compare("sender", Self.isSame(sender, entry.sender?.lowercased()))
        compare("actor", Self.isSame(actor, entry.actor))
        compare("run_id", Self.isSame(runID, entry.runID))
        return findings
    }

    /// As bytes: Swift's own comparison takes canonically equivalent texts for equal.
    private static func isSame(_ left: String?, _ right: String?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.utf8.elementsEqual(right.utf8)
        default: false
        }
    }

    /// What is wrong with the sealed values.
    func disclosureFindings(of entry: Entry) -> [Finding] {
        let sealed = entry.sealed
        func finding(_ check: Finding.Check, _ reason: String) -> Finding {
            Finding(check, seq: seq, table: "disclosures", reason)
        }
        if sealed.isEmpty, !disclosures.isEmpty { return [finding(.orphan, "the entry seals nothing")] }
        if disclosures.isEmpty, !sealed.isEmpty { return [finding(.disclosure, "the sealed values are missing")] }
        guard disclosures.count == sealed.count else {
            return [finding(.disclosure, "the number of sealed values differs from the line")]
        }
        for (disclosure, promised) in zip(disclosures, sealed) {
            guard disclosure.digest == promised.digest else {
                return [finding(.disclosure, "a sealed value does not match its digest under \(promised.name)")]
            }
            guard disclosure.content?.name == promised.name else {
                return [finding(.disclosure, "a sealed value stands under another name than its own")]
            }
        }
        return []
    }

    /// The addresses that the sealed values hold, in the form for look-up, each once, in the order of the subjects.
    var people: [String] {
        var people: [String] = []
        let contents = disclosures.compactMap(\.content)
        for name in ["recipient", "author"] {
            for content in contents where content.name == name {
                guard let address = (content.value["address"] ?? content.value).text?.lowercased(),
                    !people.contains(where: { $0.utf8.elementsEqual(address.utf8) })
                else { continue }
                people.append(address)
            }
        }
        return people
    }
}
