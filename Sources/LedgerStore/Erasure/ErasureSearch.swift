import Cryptography
import Ledger
import Postgres

/// Finds what belongs to a person or to a message: the SQL of erasures and of holds. It is read outside the ledger's
/// lock; what comes in meanwhile is found under it.
struct ErasureSearch {
    private static let pageMax = 2_000
    /// People who are looked for at once, and entries that each gets then.
    private static let peopleMax = 100
    private static let entriesMax = 100
    /// Entries of one message, or of one step of a run, that are looked at.
    private static let lifeMax = 1_000_000

    let ledger: StoredLedger
    let connection: Connection
    let deadline: ContinuousClock.Instant
    /// Entries from this one on are not looked at.
    let size: Int

    /// Who an address stands for.
    static func pseudonym(
        ofTag tag: [UInt8], in ledger: StoredLedger, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> Pseudonym? {
        try await connection.query(
            "SELECT pseudonym FROM countersign.subjects WHERE ledger_id = \(ledger.id) AND tag = \(tag)",
            deadline: deadline
        ).oneIfPresent().flatMap { Pseudonym(try $0.bytes(0)) }
    }

    /// The entries about these people, and the life of each of their messages as far as it names nobody: what else
    /// carries its Message-ID, knows it by an alias or links to it, and the attempts of the run and step that handled
    /// it. What names others is theirs: one Message-ID may have gone to thousands.
    func entries(about people: [Pseudonym]) async throws -> Set<Int> {
        var seqs: Set<Int> = []
        var life = Life()
        let people = Array(Set(people))
        for start in stride(from: 0, to: people.count, by: Self.peopleMax) {
            let page = people[start..<min(start + Self.peopleMax, people.count)].map(\.bytes)
            // Most people have few entries: all get some at once, and who has more the rest alone.
            var counts: [[UInt8]: (count: Int, last: Int)] = [:]
            let rows = try await connection.query(keyed(page, from: 0, limit: Self.entriesMax), deadline: deadline)
            for row in rows {
                let (tag, seq) = (try row.bytes(0), try row.int(1, in: Entry.seqs))
                counts[tag] = ((counts[tag]?.count ?? 0) + 1, max(counts[tag]?.last ?? 0, seq))
                seqs.insert(seq)
                life.note(Array(try row.text(2).utf8))
            }
            for (tag, met) in counts where met.count == Self.entriesMax {
                try await addRest(of: tag, from: met.last + 1, to: &seqs, &life)
            }
        }
        return try await seqs.union(entries(of: life, namingNobody: true))
    }

    private func addRest(of tag: [UInt8], from first: Int, to seqs: inout Set<Int>, _ life: inout Life) async throws {
        var next = first
        while true {
            let rows = try await connection.query(keyed([tag], from: next, limit: Self.pageMax), deadline: deadline)
            for row in rows {
                let seq = try row.int(1, in: Entry.seqs)
                next = max(next, seq + 1)
                seqs.insert(seq)
                life.note(Array(try row.text(2).utf8))
            }
            guard rows.count == Self.pageMax else { return }
        }
    }

    /// The first entries about each of these people.
    private func keyed(_ tags: [[UInt8]], from first: Int, limit: Int) -> Statement {
        """
        SELECT t.tag, k.seq, e.line
        FROM unnest(\(tags)) AS t (tag)
        CROSS JOIN LATERAL (
            SELECT seq FROM countersign.entry_keys
            WHERE ledger_id = \(ledger.id) AND name = 'subject' AND tag = t.tag AND seq >= \(first) AND seq < \(size)
            ORDER BY seq LIMIT \(limit)
        ) k
        CROSS JOIN LATERAL (
            SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = k.seq LIMIT 1
        ) e
        """
    }

    /// The lives of these messages, whoever is named in them.
    func entries(of messages: [String]) async throws -> Set<Int> {
        var life = Life()
        for message in messages { life.messages.insert(Array(message.utf8)) }
        return try await entries(of: life, namingNobody: false)
    }

    private func entries(of life: Life, namingNobody: Bool) async throws -> Set<Int> {
        var life = life
        var seqs: Set<Int> = []
        let ids = life.messages.map { String(decoding: $0, as: UTF8.self) }
        for start in stride(from: 0, to: ids.count, by: Self.pageMax) {
            let page = Array(ids[start..<min(start + Self.pageMax, ids.count)])
            let own = try await connection.query(
                """
                SELECT e.seq, e.line
                FROM unnest(\(page)) AS m (id) CROSS JOIN LATERAL (
                    SELECT seq, line FROM countersign.entries
                    WHERE ledger_id = \(ledger.id) AND message_id = m.id AND seq < \(size)
                    ORDER BY seq LIMIT \(Self.lifeMax)
                ) e
                """, deadline: deadline)
            for row in own {
                let entry = try? Entry(line: Array(row.text(1).utf8))
                if let entry { life.noteStep(of: entry) }
                if !namingNobody || entry?.subjects.isEmpty ?? true { seqs.insert(try row.int(0, in: Entry.seqs)) }
            }
            let keys = page.flatMap { id in
                [LookupKey(link: id, relation: "message"), LookupKey(alias: id)].compactMap(\.self)
            }
            let keyed = try await connection.query(
                """
                SELECT k.seq, e.line
                FROM unnest(\(keys.map(\.name.rawValue)), \(keys.map(\.tag))) AS t (name, tag) CROSS JOIN LATERAL (
                    SELECT seq FROM countersign.entry_keys
                    WHERE ledger_id = \(ledger.id) AND name = t.name AND tag = t.tag AND seq < \(size)
                    ORDER BY seq LIMIT \(Self.lifeMax)
                ) k
                CROSS JOIN LATERAL (
                    SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = k.seq LIMIT 1
                ) e
                """, deadline: deadline)
            for row in keyed {
                let entry = try? Entry(line: Array(row.text(1).utf8))
                if !namingNobody || entry?.subjects.isEmpty ?? true { seqs.insert(try row.int(0, in: Entry.seqs)) }
            }
        }
        return try await seqs.union(attempts(of: life))
    }

    private func attempts(of life: Life) async throws -> Set<Int> {
        var seqs: Set<Int> = []
        let steps = life.steps.map { ($0.run, $0.step) }
        for start in stride(from: 0, to: steps.count, by: Self.pageMax) {
            let page = steps[start..<min(start + Self.pageMax, steps.count)]
            let rows = try await connection.query(
                """
                SELECT a.seq, r.step, a.kind, a.line
                FROM unnest(\(page.map(\.0)), \(page.map(\.1))) AS r (id, step) CROSS JOIN LATERAL (
                    SELECT seq, kind, line FROM countersign.entries
                    WHERE ledger_id = \(ledger.id) AND run_id = r.id AND seq < \(size)
                    ORDER BY seq LIMIT \(Self.lifeMax)
                ) a
                WHERE a.kind IN ('step_attempt', 'run_outcome')
                """, deadline: deadline)
            for row in rows {
                let step = try? Entry(line: Array(row.text(3).utf8)).json["workflow"]?["step_id"]?.text
                guard try row.text(2) == "run_outcome" || step == nil || step == row.text(1) else { continue }
                seqs.insert(try row.int(0, in: Entry.seqs))
            }
        }
        return seqs
    }

    /// What an erasure does to the entries `seqs`, which ascend.
    func touched(_ seqs: some Sequence<Int>, erasing pseudonym: Pseudonym?) async throws -> [Touched] {
        let rows = try await connection.query(
            """
            SELECT e.seq, e.line, e.disclosures, e.gone
            FROM unnest(\(seqs.map(Int64.init))) AS t (seq) CROSS JOIN LATERAL (
                SELECT \(fragment: Touched.columns(of: ledger.id)) FROM countersign.entries e
                WHERE e.ledger_id = \(ledger.id) AND e.seq = t.seq LIMIT 1
            ) e (seq, line, disclosures, gone)
            ORDER BY e.seq
            """, deadline: deadline)
        return try rows.compactMap { try Touched($0, erasing: pseudonym, isListed: true) }
    }
}

/// What the lives of messages are found by.
private struct Life {
    struct Step: Hashable {
        let run: String
        let step: String
    }

    /// Message-IDs, as bytes: two that differ in Unicode normalisation are two.
    var messages: Set<[UInt8]> = []
    private(set) var steps: Set<Step> = []

    /// Takes note of the messages that the entry carries or knows by an alias.
    mutating func note(_ line: [UInt8]) {
        guard let entry = try? Entry(line: line) else { return }
        if let id = entry.messageID { messages.insert(Array(id.utf8)) }
        for alias in (entry.json["data"]?["aliases"]?.elements ?? []).prefix(LookupKey.indexedMax) {
            if let id = alias.text.flatMap({ try? MessageID($0) }) { messages.insert(Array(id.text.utf8)) }
        }
    }

    /// Takes note of the run and step that the entry belongs to.
    mutating func noteStep(of entry: Entry) {
        guard let run = entry.runID else { return }
        steps.insert(Step(run: run, step: entry.json["workflow"]?["step_id"]?.text ?? ""))
    }
}
