import Cryptography
import Ledger
import Postgres

/// One unit of an erasure: `access/erased` entries that list what they touch, and, as their effects, that what they
/// list goes. It is made under the ledger's lock, so that nothing comes in between.
struct ErasureUnit: Sendable {
    /// Entries that one unit touches at most: what is written while the ledger's lock is held.
    static let touchedMax = 5_000
    /// Ranges that one line lists at most.
    private static let rangesMax = 2_000

    let ledger: StoredLedger
    let reporter: Reporter
    let event: Erasure.Event
    /// Further members of `data`.
    let data: [JSONValue.Member]
    /// Who asked; sealed.
    let requester: String?
    /// Whose values go; nil for everybody's.
    let pseudonym: Pseudonym?
    /// What is touched, ascending, and the ranges that the lines list.
    let touched: [Touched]
    let seqs: SeqRanges
    /// The ledger's size when `touched` was read; nil where nothing stays, whatever other erasures left.
    let size: Int?
    /// The holds that were looked at; nil where none counts.
    let holds: [String]?
    /// Of the last unit about a person: how the mapping goes.
    let last: Last?

    /// The end of a person's erasure.
    struct Last: Sendable {
        /// The tag of the address; nil where only the pseudonym is known.
        let tag: [UInt8]?
        /// The ledger's size when the entries about the person were looked for: later ones are found under the lock.
        let searchedSize: Int
    }

    /// What `seqs` became once the unit was made under the lock.
    typealias Listed = @Sendable (SeqRanges) -> Void

    /// - Parameter listed: hears what the entries list.
    func unit(_ listed: @escaping Listed) -> AppendUnit {
        AppendUnit(by: reporter, guards: guards, changes: nil) { answers in try compose(answers, listed) }
    }

    static let changed = StoreError(
        .inProgress, "the ledger changed while the erasure was prepared; repeat it", committed: .no)

    // MARK: Under the lock

    private var guards: [AppendUnit.Guard] {
        func condition(_ statement: Statement) -> AppendUnit.Guard {
            AppendUnit.Guard(reading: [], statement) { _ in nil }
        }
        var guards = [
            condition(
                size.map { size in
                    """
                    SELECT seq FROM countersign.entries
                    WHERE ledger_id = \(ledger.id) AND seq >= \(size) AND kind = 'access' AND outcome = 'erased'
                    LIMIT 1
                    """
                } ?? "SELECT WHERE false"),
            condition(
                """
                SELECT hold_id FROM countersign.legal_holds
                WHERE ledger_id = \(ledger.id) AND released_seq IS NULL ORDER BY hold_id
                """),
        ]
        guard let last, let pseudonym else { return guards }
        guards.append(
            condition(
                """
                SELECT e.seq, e.line, e.disclosures, e.gone
                FROM (
                    SELECT seq FROM countersign.entry_keys
                    WHERE ledger_id = \(ledger.id) AND name = 'subject' AND tag = \(pseudonym.bytes)
                        AND seq >= \(last.searchedSize)
                    ORDER BY seq LIMIT \(Self.touchedMax + 1)
                ) k
                CROSS JOIN LATERAL (
                    SELECT \(fragment: Touched.columns(of: ledger.id)) FROM countersign.entries e
                    WHERE e.ledger_id = \(ledger.id) AND e.seq = k.seq LIMIT 1
                ) e (seq, line, disclosures, gone)
                ORDER BY e.seq
                """))
        if let tag = last.tag {
            guards.append(
                condition("SELECT pseudonym FROM countersign.subjects WHERE ledger_id = \(ledger.id) AND tag = \(tag)"))
        }
        return guards
    }

    private func compose(_ answers: [Rows], _ listed: Listed) throws -> AppendUnit {
        // What stays of an entry was computed from what other erasures had left then.
        guard answers[0].isEmpty else { throw Self.changed }
        let liveHolds = try answers[1].map { try $0.text(0) }
        if let holds, holds != liveHolds { throw Self.changed }
        var touched = touched
        var seqs = seqs
        if last != nil {
            let late = try answers[2].compactMap { try Touched($0, erasing: pseudonym, isListed: true) }
            // Whether a hold covers them takes more than can be asked here.
            guard late.count <= Self.touchedMax, late.isEmpty || holds?.isEmpty ?? true else { throw Self.changed }
            touched += late
            for each in late { seqs.append(each.seq) }
        }
        if last?.tag != nil, try answers[3].first?.bytes(0) != pseudonym?.bytes { throw Self.changed }
        listed(seqs)
        return try unit(erasing: touched, seqs)
    }

    private func unit(erasing touched: [Touched], _ seqs: SeqRanges) throws -> AppendUnit {
        let parts = seqs.isEmpty ? [seqs] : seqs.parts(of: Self.rangesMax)
        let items = try parts.enumerated().map { index, part in
            let isLast = index == parts.count - 1 && (pseudonym == nil || last != nil)
            return AppendUnit.Item(try draft(of: part, hasMore: !isLast), keys: ledger.keys)
        }
        return AppendUnit(items) { placed in
            zip(parts, placed).flatMap { part, place in erase(touched, part, by: place.seq) }
                + forget(by: placed.last?.seq ?? 0)
        }
    }

    private func draft(of part: SeqRanges, hasMore: Bool) throws -> Draft {
        var data: [JSONValue.Member] = [
            .init("entries", .integer(part.count)), .init("event", .string(event.rawValue)),
            .init("seqs", .array(part.texts)),
        ]
        if hasMore { data.append(.init("more", true)) }
        if let pseudonym { data.append(.init("pseudonym", .string(pseudonym.text))) }
        var personal = PersonalData()
        if let requester { personal.set("requester", .string(requester)) }
        return try Draft(
            Ledger.Event(kind: .access, outcome: "erased", data: data + self.data, personal: personal),
            origin: ledger.origin, reporter: reporter, random: Random.bytes)
    }

    // MARK: Effects

    private func erase(_ touched: [Touched], _ part: SeqRanges, by erasing: Int) -> [Statement] {
        ErasureEffects(ledger: ledger, seq: erasing, pseudonym: pseudonym)
            .erase(part, touched.filter { part.contains($0.seq) })
    }

    private func forget(by erasing: Int) -> [Statement] {
        guard let last else { return [] }
        return ErasureEffects(ledger: ledger, seq: erasing, pseudonym: pseudonym).forget(tag: last.tag)
    }
}
