import Ledger
import Postgres

/// What the units of a group need to know before they get their places, as statements: used idempotency keys, known
/// people, earlier observations of the same step attempts, live tokens. Nothing is asked for that no unit needs.
struct GroupQuestions {
    private let ledgerID: Int64
    private let keyTags: [[UInt8]]
    private let personTags: [[UInt8]]
    private let attemptTags: [[UInt8]]
    private let tokens: [String]

    /// - Parameters:
    ///   - asksForKeys: whether used idempotency keys are looked up.
    ///   - withTokens: whether the tokens that caused the units are.
    init(_ units: [AppendUnit], of ledgerID: Int64, asksForKeys: Bool, withTokens: Bool = true) {
        self.ledgerID = ledgerID
        keyTags = asksForKeys ? units.flatMap(\.keyTags) : []
        var known = TagTable<Bool>()
        personTags = units.flatMap { $0.items.flatMap(\.personTags) }.filter { tag in
            defer { known[tag] = true }
            return known[tag] == nil
        }
        attemptTags = units.flatMap { $0.items.compactMap { $0.draft.attempt?.tag } }
        tokens = withTokens ? Array(Set(units.flatMap(\.tokens))) : []
    }

    var statements: [Statement] {
        var statements: [Statement] = []
        if !tokens.isEmpty { statements.append(tokensStatement) }
        if !keyTags.isEmpty { statements.append(usedKeysStatement) }
        if !personTags.isEmpty { statements.append(Self.subjects(personTags, of: ledgerID)) }
        if !attemptTags.isEmpty { statements.append(attemptsStatement) }
        return statements
    }

    /// Reads the answers to `statements`.
    func read(_ answers: ArraySlice<Rows>, into facts: inout GroupFacts) throws {
        var rest = answers
        if !tokens.isEmpty, let rows = rest.popFirst() { try Self.readTokens(rows, into: &facts) }
        if !keyTags.isEmpty, let rows = rest.popFirst() {
            for row in rows {
                facts.usedKeys[try row.bytes(0)] = GroupFacts.UsedKey(
                    firstSeq: try row.int(1, in: Entry.seqs), count: try row.int(2, in: Self.counts),
                    requestTag: try row.bytesIfPresent(3),
                    isRequestErased: try row.bool(4))
            }
        }
        if !personTags.isEmpty, let rows = rest.popFirst() {
            try Self.read(rows, into: &facts.subjects)
        }
        if !attemptTags.isEmpty, let rows = rest.popFirst() {
            for row in rows { facts.attempts[try row.bytes(0)] = try row.int(1, in: Entry.seqs) }
        }
    }

    /// All tokens of the group at once; a token that is missing from the answer is not live.
    private var tokensStatement: Statement {
        """
        SELECT t.token_id, k.expires_at, k.bindings
        FROM unnest(\(tokens)) AS t (token_id) CROSS JOIN LATERAL (
            SELECT expires_at, bindings FROM countersign.tokens
            WHERE ledger_id = \(ledgerID) AND token_id = t.token_id AND revoked_seq IS NULL LIMIT 1
        ) k
        """
    }

    private static func readTokens(_ rows: Rows, into facts: inout GroupFacts) throws {
        for row in rows {
            if let expiresAt = try row.timestampIfPresent(1), Timestamp(expiresAt) <= facts.now { continue }
            facts.liveTokens[try row.text(0)] = try TokenBindings(stored: row.textIfPresent(2))
        }
    }

    /// Of how many entries a request that has a key can be.
    private static let counts = 1...Int(Int32.max)

    /// A lateral join per key, and the limit keeps the planner from turning it into a scan after all.
    private var usedKeysStatement: Statement {
        """
        SELECT t.tag, k.first_seq, k.count, k.request_tag, k.request_erased
        FROM unnest(\(keyTags)) AS t (tag) CROSS JOIN LATERAL (
            SELECT first_seq, count, request_tag, request_erased FROM countersign.keys
            WHERE ledger_id = \(ledgerID) AND tag = t.tag LIMIT 1
        ) k
        """
    }

    /// The people of these tags that the ledger knows.
    static func subjects(_ tags: [[UInt8]], of ledgerID: Int64) -> Statement {
        """
        SELECT t.tag, s.pseudonym
        FROM unnest(\(tags)) AS t (tag) CROSS JOIN LATERAL (
            SELECT pseudonym FROM countersign.subjects WHERE ledger_id = \(ledgerID) AND tag = t.tag LIMIT 1
        ) s
        """
    }

    /// Reads the answer to `subjects(_:of:)`.
    static func read(_ rows: Rows, into subjects: inout TagTable<Pseudonym>) throws {
        for row in rows { subjects[try row.bytes(0)] = Pseudonym(try row.bytes(1)) }
    }

    private var attemptsStatement: Statement {
        """
        SELECT t.tag, k.seq
        FROM unnest(\(attemptTags)) AS t (tag) CROSS JOIN LATERAL (
            SELECT seq FROM countersign.entry_keys
            WHERE ledger_id = \(ledgerID) AND name = 'attempt' AND tag = t.tag ORDER BY seq LIMIT 1
        ) k
        """
    }
}
